package cache_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/weirgo/weir/cache"
)

// A model is a cache as simple as can be: a map with the ends of lives.
type model struct {
	o       cache.Options[int, int]
	values  map[int]held
	missing map[int]time.Time
}

type held struct {
	v       int
	end     time.Time // of its TTL
	refresh time.Time
	dropped time.Time
}

func newModel(o cache.Options[int, int]) *model {
	return &model{o: o, values: map[int]held{}, missing: map[int]time.Time{}}
}

func (m *model) set(key, v int, ttl time.Duration) {
	delete(m.missing, key)
	if ttl <= 0 {
		delete(m.values, key)
		return
	}
	now := time.Now()
	m.values[key] = held{v: v, end: now.Add(ttl), dropped: now.Add(ttl + m.o.StaleOnError), refresh: now.Add(m.o.RefreshAfter)}
}

func (m *model) get(key int) (int, bool) {
	h, ok := m.values[key]
	if !ok || !time.Now().Before(h.end) {
		return 0, false
	}
	return h.v, true
}

// take returns what Take returns if its load would return v and err, and whether
// the load is called.
func (m *model) take(key, v int, err error) (int, error, bool) {
	now := time.Now()
	if old, ok := m.get(key); ok {
		h := m.values[key]
		if m.o.RefreshAfter == 0 || now.Before(h.refresh) {
			return old, nil, false
		}
		h.refresh = now.Add(max(m.o.RefreshAfter/10, time.Millisecond))
		m.values[key] = h
		m.loaded(key, v, err)
		return old, nil, true
	}
	if until, ok := m.missing[key]; ok && now.Before(until) {
		return 0, cache.ErrNotFound, false
	}
	m.loaded(key, v, err)
	if h, ok := m.values[key]; err == errDown && ok && now.Before(h.dropped) {
		return h.v, nil, true
	}
	if err != nil {
		v = 0
	}
	return v, err, true
}

func (m *model) loaded(key, v int, err error) {
	switch err {
	case nil:
		m.set(key, v, m.o.TTL)
	case cache.ErrNotFound:
		delete(m.values, key)
		m.missing[key] = time.Now().Add(time.Minute)
	}
}

// drive does what the bytes say to a cache and its model.
func drive(t *testing.T, o cache.Options[int, int], steps []byte) {
	bubble(t, func(t *testing.T) {
		c, m := cache.New(o), newModel(o)
		defer func() { require.NoError(t, c.Close(ctx)) }()
		for i := 0; i+2 < len(steps); i += 3 {
			key, v, arg := int(steps[i+1])%5, i+1, time.Duration(steps[i+2])
			switch steps[i] % 8 {
			case 0, 1:
				c.Set(key, v)
				m.set(key, v, o.TTL)
			case 2:
				ttl := (arg - 20) * time.Second
				c.SetTTL(key, v, ttl)
				m.set(key, v, ttl)
			case 3:
				c.Delete(key)
				m.set(key, 0, 0)
			case 4, 5:
				err := []error{nil, errDown, cache.ErrNotFound}[arg%3]
				called := false
				got, gotErr := c.Take(ctx, key, func(ctxT) (int, error) {
					called = true
					return v, err
				})
				synctest.Wait()
				want, wantErr, load := m.take(key, v, err)
				require.Equal(t, want, got)
				require.Equal(t, wantErr, gotErr)
				require.Equal(t, load, called)
			default:
				time.Sleep(arg * arg * 50 * time.Millisecond)
			}
			for key := range 5 {
				want, ok := m.get(key)
				got, has := c.Get(key)
				require.Equal(t, ok, has)
				require.Equal(t, want, got)
			}
		}
	})
}

func kinds() []cache.Options[int, int] {
	return []cache.Options[int, int]{
		{TTL: 10 * time.Minute, Jitter: -1},
		{TTL: 10 * time.Minute, Jitter: -1, StaleOnError: 3 * time.Minute},
		{TTL: 10 * time.Minute, Jitter: -1, RefreshAfter: 2 * time.Minute},
		{TTL: 10 * time.Minute, Jitter: -1, RefreshAfter: 2 * time.Minute, StaleOnError: 3 * time.Minute},
		{TTL: 10 * time.Minute, Jitter: -1, MaxWeight: 1000, Weigh: func(int, int) uint32 { return 3 }},
	}
}

func TestCacheDoesWhatItsModelDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, o := range kinds() {
		for range 20 {
			steps := make([]byte, 900)
			for i := range steps {
				steps[i] = byte(rng.Uint32())
			}
			drive(t, o, steps)
		}
	}
}

func FuzzCacheDoesWhatItsModelDoes(f *testing.F) {
	f.Add(byte(0), []byte{0, 1, 2, 6, 0, 200, 4, 1, 1, 2, 1, 30, 6, 0, 14, 4, 1, 2})
	f.Add(byte(1), []byte{0, 1, 0, 6, 0, 112, 4, 1, 1, 6, 0, 30, 4, 1, 1})
	f.Add(byte(2), []byte{0, 1, 0, 6, 0, 52, 4, 1, 0, 4, 1, 1, 6, 0, 60, 4, 1, 2})
	f.Fuzz(func(t *testing.T, kind byte, steps []byte) {
		all := kinds()
		drive(t, all[int(kind)%len(all)], steps[:min(len(steps), 600)])
	})
}
