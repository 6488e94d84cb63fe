package billing

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// Limits of a YAML file.
const (
	maxYAML      = 1 << 20
	maxYAMLDepth = 16 // of brackets inside brackets
)

// readYAML reads a file that has one YAML document. Unknown keys are errors.
// What refers to other parts of the file is too: ten short lines of references to
// references would unfold to more than any memory holds.
func readYAML(r io.Reader, into any) error {
	text, err := io.ReadAll(io.LimitReader(r, maxYAML+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxYAML:
		return fmt.Errorf("it is larger than %d bytes", maxYAML)
	}
	if err := checkYAML(string(text)); err != nil {
		return err
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
		return errors.New(strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	return nil
}

// checkYAML looks for what makes a small file large, or a part of it unread.
func checkYAML(text string) error {
	depth, read, directive := 0, false, 0 // directive is the line of one
	for _, t := range lexer.Tokenize(text) {
		at := fmt.Sprintf("[%d:%d]", t.Position.Line, t.Position.Column)
		switch t.Type {
		case token.AnchorType, token.AliasType:
			return fmt.Errorf("%s anchors and aliases are not read; write the value out", at)
		case token.DocumentHeaderType:
			if read {
				return fmt.Errorf("%s a second document begins; put it into a file of its own", at)
			}
		case token.SequenceStartType, token.MappingStartType:
			if depth++; depth > maxYAMLDepth {
				return fmt.Errorf("%s brackets inside more than %d brackets", at, maxYAMLDepth)
			}
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.DirectiveType:
			directive = t.Position.Line
		}
		read = read || t.Type != token.CommentType && t.Position.Line != directive
	}
	return nil
}
