// Package connector backs up one file, as Plakar's guide to connectors of one's own has it.
package connector

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/PlakarKorp/kloset/connectors"
	"github.com/PlakarKorp/kloset/connectors/importer"
	"github.com/PlakarKorp/kloset/location"
	"github.com/PlakarKorp/kloset/objects"
)

// notes is the one file; fmt.Println("in a comment, or a text") writes nothing.
const notes = "/home/user/Documents/notes.md"

func init() {
	importer.Register("example", location.FLAG_LOCALFS, New)
}

type oneFile struct{}

// New needs no configuration.
func New(ctx context.Context, options *connectors.Options, protocol string, config map[string]string) (importer.Importer, error) {
	return &oneFile{}, nil
}

func (one *oneFile) Root() string                { return filepath.Dir(notes) }
func (one *oneFile) Origin() string              { return "localhost" }
func (one *oneFile) Type() string                { return "example" }
func (one *oneFile) Flags() location.Flags       { return location.FLAG_LOCALFS }
func (one *oneFile) Ping(context.Context) error  { return nil }
func (one *oneFile) Close(context.Context) error { return nil }

func (one *oneFile) Import(ctx context.Context, records chan<- *connectors.Record, results <-chan *connectors.Result) error {
	defer close(records)
	known, err := os.Stat(notes)
	if err != nil {
		return err
	}
	info := objects.FileInfo{Lname: filepath.Base(notes), Lsize: known.Size(), Lmode: known.Mode(), LmodTime: known.ModTime(), Ldev: 1}
	records <- connectors.NewRecord(notes, "", info, nil, func() (io.ReadCloser, error) {
		return os.Open(notes)
	})
	return nil
}
