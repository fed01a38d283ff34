package load_test
import "testing"
func TestPrintDigest(t *testing.T) { for i := range uint64(3) { d, st := decisions(t, eventful(i)); t.Log(d, st.Workers, st.Refused) } }
