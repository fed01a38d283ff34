package weirredis_test

func (s *server) pause() { s.t.Skip("a process cannot be stopped here") }

func (s *server) resume() {}
