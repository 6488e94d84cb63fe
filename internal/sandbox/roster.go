package sandbox

import (
	"iter"
	"slices"
	"sort"
)

// numbered is what a roster can hold: objects with a number that grows with the time of creation.
type numbered interface {
	comparable
	order() int
}

// roster keeps objects in order of creation. It is cut into blocks, so that a page deep inside a large estate and the
// removal of one object cost a walk over the blocks and not over the objects.
type roster[T numbered] struct {
	blocks [][]T
	size   int
}

const blockSize = 512

func newRoster[T numbered](items ...T) *roster[T] {
	r := &roster[T]{}
	for _, item := range items {
		r.add(item)
	}
	return r
}

// add puts item at its place, which is nearly always the end.
func (r *roster[T]) add(item T) {
	r.size++
	last := len(r.blocks) - 1
	if last < 0 || (len(r.blocks[last]) >= blockSize && item.order() > lastOf(r.blocks[last]).order()) {
		r.blocks = append(r.blocks, []T{item})
		return
	}
	b := min(r.blockOf(item), last)
	r.blocks[b] = slices.Insert(r.blocks[b], placeIn(r.blocks[b], item), item)
}

// remove takes item out; an item that is not there is no matter.
func (r *roster[T]) remove(item T) {
	b := r.blockOf(item)
	if b == len(r.blocks) {
		return
	}
	i := placeIn(r.blocks[b], item)
	if r.blocks[b][i] != item {
		return
	}
	r.size--
	r.blocks[b] = slices.Delete(r.blocks[b], i, i+1)
	if len(r.blocks[b]) == 0 {
		r.blocks = slices.Delete(r.blocks, b, b+1)
	}
}

// blockOf finds the first block that ends at or after item.
func (r *roster[T]) blockOf(item T) int {
	return sort.Search(len(r.blocks), func(i int) bool { return lastOf(r.blocks[i]).order() >= item.order() })
}

func placeIn[T numbered](block []T, item T) int {
	return sort.Search(len(block), func(i int) bool { return block[i].order() >= item.order() })
}

func lastOf[T any](block []T) T { return block[len(block)-1] }

// slice returns up to n items from offset on.
func (r *roster[T]) slice(offset, n int) []T {
	var out []T
	for _, block := range r.blocks {
		if offset >= len(block) {
			offset -= len(block)
			continue
		}
		taken := min(n-len(out), len(block)-offset)
		out = append(out, block[offset:offset+taken]...)
		offset = 0
		if len(out) == n {
			break
		}
	}
	return out
}

// all yields every item in order.
func (r *roster[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, block := range r.blocks {
			for _, item := range block {
				if !yield(item) {
					return
				}
			}
		}
	}
}
