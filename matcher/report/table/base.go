package table

func (t *table) base() {}
