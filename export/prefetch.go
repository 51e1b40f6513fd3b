package export

import (
	"github.com/parquet-go/parquet-go"

	"github.com/varlake/varlake/internal/store"
)

// Prefetch has the beginnings of columns of a row group fetched together where the file is far away: who reads rows asks for them one after another. columns are
// leaves in file order; nil: all.
func Prefetch(file store.File, opened *parquet.File, group int, columns []int) {
	f, ok := file.(store.Prefetcher)
	if !ok {
		return
	}
	fetch := func(leaf int) {
		chunk := &opened.Metadata().RowGroups[group].Columns[leaf].MetaData
		start := chunk.DataPageOffset
		if chunk.DictionaryPageOffset > 0 {
			start = min(start, chunk.DictionaryPageOffset)
		}
		f.Prefetch(start, min(chunk.TotalCompressedSize, pageBytes))
	}
	if columns == nil {
		for leaf := range opened.Metadata().RowGroups[group].Columns {
			fetch(leaf)
		}
	}
	for _, leaf := range columns {
		fetch(leaf)
	}
}

// pageBytes is what a dictionary and a page seldom exceed.
const pageBytes = 64 << 10
