package batch

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// panicError is a panic inside bbolt, which answers so to a file that is not
// what it has written.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("the file cannot be used: %v", e.value) }

func isPanic(err error) bool {
	var p *panicError
	return errors.As(err, &p)
}

// guarded turns a panic inside bbolt into an error, and so also the fault of a
// mapped page that the disk does not give: without, that ends the process.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p}
		}
	}()
	return f()
}
