package export

import (
	"slices"
	"strconv"
	"strings"
)

// columnName turns a name of a VCF or a sample table into a column name of [a-z0-9_]. It does not look for collisions or reserved words:
// see namer.
func columnName(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for _, r := range raw {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '_':
			b.WriteRune(r)
		case 'A' <= r && r <= 'Z':
			b.WriteRune(r - 'A' + 'a')
		default:
			b.WriteByte('_')
		}
	}
	return b.String()
}

// namer hands out the column names of one table: each once.
type namer map[string]bool

// take returns name, or name with the first free of the suffixes _2, _3, … where it is taken, and marks it as taken.
func (n namer) take(name string) string {
	free := name
	for i := 2; n[free]; i++ {
		free = name + "_" + strconv.Itoa(i)
	}
	n[free] = true
	return free
}

// takePrefix returns prefix, or prefix with the first suffix _2, _3, … that leaves it free with every ending, and takes all of these names.
func (n namer) takePrefix(prefix string, endings ...string) string {
	free := prefix
	for i := 2; slices.ContainsFunc(endings, func(e string) bool { return n[free+e] }); i++ {
		free = prefix + "_" + strconv.Itoa(i)
	}
	for _, e := range endings {
		n[free+e] = true
	}
	return free
}

// takeOwn names a column that has no prefix, the position-th (0-based) of a sample table: an empty name becomes c_N (1-based), a leading digit gets c_, and
// a reserved word a trailing underscore.
func (n namer) takeOwn(raw string, position int) string {
	name := ownName(raw)
	if name == "" {
		name = "c_" + strconv.Itoa(position+1)
	}
	if reserved[name] {
		name += "_"
	}
	return n.take(name)
}

// ownName is columnName for a name that no prefix stands before: a leading digit gets c_.
func ownName(raw string) string {
	name := columnName(raw)
	if name != "" && '0' <= name[0] && name[0] <= '9' {
		return "c_" + name
	}
	return name
}

// reserved holds the reserved words of Athena's DDL and of its SELECT statements (Athena user guide, "Escape reserved keywords in queries").
var reserved = func() map[string]bool {
	words := make(map[string]bool)
	for w := range strings.FieldsSeq(`
		all alter and array as authorization between bigint binary boolean both by case cashe cast char column commit conf constraint create
		cross cube current current_catalog current_date current_path current_role current_schema current_time current_timestamp current_user cursor database
		date dayofweek deallocate decimal delete describe distinct div double drop else end escape except exchange execute exists extended
		external extract false fetch first float floor following for foreign from full function grant group grouping having if import in inner
		insert int integer intersect interval into is join json_array json_exists json_object json_query json_value last lateral left less like
		listagg local localtime localtimestamp macro map more natural none normalize not null numeric of on only or order out outer over
		partialscan partition percent preceding precision prepare preserve primary procedure range reads recursive reduce references regexp
		revoke right rlike rollback rollup row rows select set skip smallint start table tablesample then time timestamp to transform trigger
		trim true truncate uescape unbounded union unique uniquejoin unnest update user using utc_timestamp values varchar views when where
		window with`) {
		words[w] = true
	}
	return words
}()
