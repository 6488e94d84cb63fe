package webex

import (
	"context"
	"net/http"
	"net/url"
)

// getOne reads one object.
func getOne[T any](ctx context.Context, c *Client, path, id string, query url.Values, decode func([]byte) (T, error)) (T, error) {
	var object T
	_, err := c.do(ctx, call{
		method: http.MethodGet, path: path, id: id, query: query, accept: decodeTo(&object, decode),
	})
	return object, err
}

// writeOne sends a write that is answered with the object, whose id goes into
// the receipt.
func writeOne[T any](ctx context.Context, c *Client, req call, decode func([]byte) (T, error), id func(T) string) (T, Receipt, error) {
	var object T
	req.accept = decodeTo(&object, decode)
	a, err := c.do(ctx, req)
	return object, a.receipt(id(object)), err
}

// deleteOne sends a DELETE; its answer is empty as a rule.
func (c *Client) deleteOne(ctx context.Context, path, id string) (Receipt, error) {
	a, err := c.do(ctx, call{method: http.MethodDelete, path: path, id: id, accept: acceptAnyJSON})
	return a.receipt(id), err
}
