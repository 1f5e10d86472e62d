package monitor_test

func monitorForever() error { return nil }
