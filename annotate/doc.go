// Package annotate brings to a VCF what the VCF itself does not say: the
// sample table (who the samples are) and quality control (how good the calls
// are, per variant, per sample and per group of samples).
//
// The sample table is read whole by [ReadTable], its column types are inferred
// as Hail's import_table(impute=True) does, and [Table.Join] lines it up with
// the samples of a VCF. [NewGroups] forms the groups of samples, one per value
// of a column, for which allele counts are kept.
package annotate
