package annotate

// Join lines the table up with the samples of a VCF by name, exactly as both
// spell it. rows has the row of each sample, -1 where the table has none;
// notInTable are the names of those samples, in VCF order, and notInVCF the keys
// of rows that no sample took, in table order.
func (t *Table) Join(samples []string) (rows []int, notInTable, notInVCF []string) {
	rowOf := make(map[string]int, len(t.IDs))
	for row, id := range t.IDs {
		rowOf[id] = row
	}
	taken := make([]bool, len(t.IDs))
	rows = make([]int, len(samples))
	for i, sample := range samples {
		row, ok := rowOf[sample]
		if !ok {
			rows[i] = -1
			notInTable = append(notInTable, sample)
			continue
		}
		rows[i] = row
		taken[row] = true
	}
	for row, id := range t.IDs {
		if !taken[row] {
			notInVCF = append(notInVCF, id)
		}
	}
	return rows, notInTable, notInVCF
}
