package batch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"wholesync/diff"
)

// Sizes that no honest row reaches. A quote that is never closed does, because it
// swallows the rest of the file into one field.
const (
	maxField  = 64 << 10
	maxRecord = 1 << 20
	bufSize   = 64 << 10
)

// errRecordTooLong stops the CSV reader, which by itself has no limit.
var errRecordTooLong = errors.New("record too long")

// source is an input file that is read once: it hashes the bytes that pass, and
// stops a record that does not end.
type source struct {
	name   string
	path   string // of the file on disk; for standard input a temporary one
	temp   bool
	f      *os.File
	before fs.FileInfo
	sum    hash.Hash // nil where nobody asks for it
	size   int64     // bytes read
	mark   int64     // where the record being read begins, at the latest
	last   byte      // read last
}

// openAll opens every input, or none.
func openAll(paths []string, opt ReadOptions) ([]*source, error) {
	var sources []*source
	for _, path := range paths {
		src, err := openSource(path, opt)
		if err == nil {
			src.sum = sha256.New()
			sources = append(sources, src)
			err = checkTwice(sources)
		}
		if err != nil {
			closeAll(sources)
			return nil, err
		}
	}
	return sources, nil
}

func closeAll(sources []*source) {
	for _, src := range sources {
		src.close()
	}
}

// checkTwice compares the last source with the others: a file given twice would
// report each of its rows as a duplicate.
func checkTwice(sources []*source) error {
	last := len(sources) - 1
	for _, src := range sources[:last] {
		if os.SameFile(src.before, sources[last].before) || src.temp && sources[last].temp {
			return &InputError{sources[last].name, fmt.Errorf("the same file as %s, which is given already; name it once", src.name)}
		}
	}
	return nil
}

// openSource opens a regular file, or spools standard input to one, so that
// every input can be looked at a second time when something is wrong with it.
func openSource(path string, opt ReadOptions) (*source, error) {
	src := &source{name: path, path: path}
	if path == "-" {
		src.name, src.temp = "stdin", true
		spool, err := spoolStdin(opt)
		if err != nil {
			return nil, &InputError{src.name, err}
		}
		src.path = spool
	}
	err := src.open()
	if err != nil {
		src.close()
		return nil, &InputError{src.name, fmt.Errorf("cannot open: %w", bare(err))}
	}
	return src, nil
}

func (s *source) open() (err error) {
	if s.before, err = os.Stat(s.path); err != nil { // before Open, which would wait for the writer of a FIFO
		return err
	}
	switch {
	case s.before.IsDir():
		return errors.New("is a directory")
	case !s.before.Mode().IsRegular():
		return errors.New(`not a regular file; to read a pipe, redirect it and give "-"`)
	}
	s.f, err = os.Open(s.path)
	return err
}

func spoolStdin(opt ReadOptions) (path string, err error) {
	f, err := os.CreateTemp("", "wholesync-stdin-*")
	if err != nil {
		return "", fmt.Errorf("making room for standard input: %w", err)
	}
	_, err = io.Copy(f, io.LimitReader(opt.Stdin, opt.MaxBytes+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("reading standard input: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// bare takes the path off an error: the message names the file already.
func bare(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// close gives everything back. Nothing was written, so there is nothing to lose.
func (s *source) close() {
	if s.f != nil {
		_ = s.f.Close()
	}
	if s.temp && s.path != "-" {
		_ = os.Remove(s.path)
	}
}

// Read passes the file's bytes on.
func (s *source) Read(p []byte) (int, error) {
	if s.size-s.mark > maxRecord+bufSize { // by then the record is over the limit wherever the buffer stands
		return 0, errRecordTooLong
	}
	n, err := s.f.Read(p)
	if n > 0 {
		if s.sum != nil {
			s.sum.Write(p[:n])
		}
		s.size += int64(n)
		s.last = p[n-1]
	}
	return n, err
}

func (s *source) sha256() string { return hex.EncodeToString(s.sum.Sum(nil)) }

// changed reports whether the file is no longer the one that was opened, or was
// written to meanwhile.
func (s *source) changed() bool {
	now, err := os.Stat(s.path)
	return err != nil || !os.SameFile(now, s.before) || now.Size() != s.before.Size() || s.size != s.before.Size() || !now.ModTime().Equal(s.before.ModTime())
}

// lineAt counts the physical line of a byte.
func (s *source) lineAt(offset int64) (int, error) {
	r := io.NewSectionReader(s.f, 0, offset)
	buf := make([]byte, bufSize)
	for line := 1; ; {
		n, err := r.Read(buf)
		line += bytes.Count(buf[:n], []byte{'\n'})
		if err == io.EOF {
			return line, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// problem says something about the file as a whole.
func (s *source) problem(text, hint string) diff.Problem {
	return diff.Problem{File: s.name, Text: text, Hint: hint}
}
