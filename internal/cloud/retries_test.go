package cloud

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glue"
)

// Every request that is made again counts, and none that is not: of the SDK, and of bodies that broke.
func TestRetriesAreCounted(t *testing.T) {
	testEnvironment(t)
	for name, tt := range map[string]struct {
		faults []string // of the requests in turn
		want   int64
		fails  bool
	}{
		"none":       {nil, 0, false},
		"busy twice": {[]string{"busy", "busy"}, 2, false},
		"cut":        {[]string{"cut"}, 1, false},
		"both":       {[]string{"busy", "cut", "busy", "cut"}, 4, false},
		"in vain":    {[]string{"busy", "busy", "busy", "busy"}, 3, true},
		"denied":     {[]string{"denied"}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			var requests atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fault := ""
				if n := int(requests.Add(1)); n <= len(tt.faults) {
					fault = tt.faults[n-1]
				}
				switch fault {
				case "busy":
					w.WriteHeader(http.StatusServiceUnavailable)
				case "denied":
					w.WriteHeader(http.StatusForbidden)
				default:
					w.Header().Set("Content-Length", "4")
					fmt.Fprint(w, "text"[:map[string]int{"": 4, "cut": 2}[fault]])
				}
			}))
			defer server.Close()
			var retries atomic.Int64
			b, err := New(Options{Region: "us-east-1", Endpoint: server.URL, Attempts: 4, Backoff: time.Millisecond, Retries: &retries}).Bucket(t.Context(), "b")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := b.Get(t.Context(), "key"); (err != nil) != tt.fails {
				t.Error(err)
			}
			asked := requests.Load() - int64(strings.Count(strings.Join(tt.faults, " "), "denied")) // which is followed by a look at the listing
			if retries.Load() != tt.want || asked-1 != tt.want && !tt.fails {
				t.Errorf("%d retries are counted, want %d; there were %d requests", retries.Load(), tt.want, asked)
			}
		})
	}
}

// The first bytes of an object, too, are asked for again where they broke off.
func TestRetryOfFirstBytes(t *testing.T) {
	testEnvironment(t)
	var requests, retries atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, text := 0, "text"
		if requests.Add(1) > 1 {
			first, text = 2, "xt"
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-3/4", first))
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		w.WriteHeader(http.StatusPartialContent)
		fmt.Fprint(w, text[:2])
	}))
	defer server.Close()
	b, err := New(Options{Region: "us-east-1", Endpoint: server.URL, Retries: &retries}).Bucket(t.Context(), "b")
	if err != nil {
		t.Fatal(err)
	}
	if _, got, err := b.ReadFirst(t.Context(), "key", 4); err != nil || string(got) != "text" || requests.Load() != 2 || retries.Load() != 1 {
		t.Errorf("%q, %v: %d requests, %d of them retries", got, err, requests.Load(), retries.Load())
	}
}

func TestRetriesOfGlue(t *testing.T) {
	testEnvironment(t)
	var requests, retries atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) <= 2 {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"ThrottlingException"}`)
			return
		}
		fmt.Fprint(w, "{}")
	}))
	defer server.Close()
	client, err := Glue(t.Context(), Options{Region: "us-east-1", Endpoint: server.URL, Backoff: time.Millisecond, Retries: &retries})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetDatabases(t.Context(), &glue.GetDatabasesInput{}); err != nil || retries.Load() != 2 {
		t.Errorf("%v, %d retries", err, retries.Load())
	}
}
