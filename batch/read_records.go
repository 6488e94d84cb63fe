package batch

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// Records reads the raw records of a file again, for a file of rows to retry:
// the header first, then each row with the physical line of its first character.
// Rows with too few or too many fields come as they are; rows whose quotes are
// broken have no fields to show and are left out. The record is only valid until
// fn returns; an error of fn ends the reading and is returned.
func Records(path string, fn func(line int, record []string) error) error {
	opt := ReadOptions{MaxBytes: DefaultMaxBytes}
	src, err := openSource(path, opt)
	if err != nil {
		return err
	}
	defer src.close()
	in := bufio.NewReaderSize(src, bufSize)
	if mark, err := in.Peek(len(bom)); err == nil && string(mark) == bom {
		_, _ = in.Discard(len(bom)) // it was peeked at
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	r.FieldsPerRecord = -1
	for {
		src.mark = r.InputOffset()
		record, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if _, broken := errors.AsType[*csv.ParseError](err); broken {
			continue
		}
		if err != nil {
			return &InputError{path, fmt.Errorf("reading: %w", bare(err))}
		}
		line, _ := r.FieldPos(0)
		if err := fn(line, record); err != nil {
			return err
		}
	}
}
