package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/varlake/varlake/internal/gluetest"
	"github.com/varlake/varlake/internal/s3test"
)

// TestMain lets the test binary stand in for the command: in scripts, varlake is it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"varlake": main})
}

func TestScripts(t *testing.T) {
	s3test.Endpoint(t) // whose environment the scripts get
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Condition: func(name string) (bool, error) {
			switch name {
			case "cgo":
				return hasEngine, nil
			case "realS3": // which knows its keys, and refuses who has no credentials
				return !s3test.InProcess(t), nil
			}
			return false, errors.New("unknown condition")
		},
		Setup: func(e *testscript.Env) error {
			e.Values[testingKey{}] = e.T()
			for _, name := range []string{"AWS_ENDPOINT_URL_S3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} {
				e.Setenv(name, os.Getenv(name))
			}
			if strings.Contains(e.WorkDir, "script-s3") || strings.Contains(e.WorkDir, "script-register") {
				e.Setenv("BUCKET", s3test.New(e.T().(testing.TB)).Name)
			}
			if strings.Contains(e.WorkDir, "script-register") {
				server := gluetest.New()
				e.Defer(server.Close)
				e.Values[glueServer{}] = server
				e.Setenv("AWS_ENDPOINT_URL_GLUE", server.URL)
			}
			if strings.Contains(e.WorkDir, "script-operators") {
				serveOperators(e)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"fails": fails, "athena": playAthena, "glue": glueCommand, "sns": snsCommand, "imds": imdsCommand, "metrics": metricsCommand},
	})
}

// fails runs "fails CODE COMMAND...": the exit code must be CODE, standard output empty and standard error one line that says who speaks.
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails CODE COMMAND...")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, not %s", code, args[0])
	}
	if said := ts.ReadFile("stderr"); !strings.HasPrefix(said, "varlake: ") || strings.Index(said, "\n") != len(said)-1 {
		ts.Fatalf("standard error is not one line of varlake")
	}
	if said := ts.ReadFile("stdout"); said != "" {
		ts.Fatalf("standard output is not empty")
	}
}

// glueServer is the key of the catalog that a script has for itself.
type glueServer struct{}

// glueCommand speaks to the catalog of a script: "glue writes N" counts the writes since it was asked last, "glue foreign DATABASE TABLE" makes a table someone else's,
// "glue fault CODE OPERATION TIMES" has requests fail (TIMES 0: all), and "glue fine" ends that.
func glueCommand(ts *testscript.TestScript, neg bool, args []string) {
	server := ts.Value(glueServer{}).(*gluetest.Server)
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		ts.Check(err)
		return n
	}
	switch {
	case !neg && len(args) == 2 && args[0] == "writes":
		if writes := gluetest.Writes(server.Calls()); len(writes) != number(args[1]) {
			ts.Fatalf("%d writes to Glue: %v", len(writes), writes)
		}
	case !neg && len(args) == 3 && args[0] == "foreign":
		server.Edit(args[1], args[2], map[string]string{"varlake.dataset": "s3://someone/else"})
	case !neg && len(args) == 4 && args[0] == "fault":
		server.Set(&gluetest.Fault{Code: args[1], Times: number(args[3]), Strikes: func(c gluetest.Call) bool { return c.Operation == args[2] }})
	case !neg && len(args) == 1 && args[0] == "fine":
		server.Set(nil)
	default:
		ts.Fatalf("usage: glue writes N | foreign DATABASE TABLE | fault CODE OPERATION TIMES | fine")
	}
}

// TestInterrupt stops an export that would never end, and looks at what it leaves.
func TestInterrupt(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "dataset")
			c := &exec.Cmd{Path: self, Args: []string{"varlake", "export", "-", "--out", out}, Stdin: endless()}
			said, err := c.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			defer c.Process.Kill()
			first := make([]byte, 1) // of the log, which begins when records are being read
			if _, err := io.ReadFull(said, first); err != nil {
				t.Fatal(err)
			}
			if err := c.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(said)
			if err != nil {
				t.Fatal(err)
			}
			c.Wait() // its error is the exit code, or that of the broken pipe
			if code := c.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("exit code %d, not %d", code, exitInterrupted)
			}
			if want := "varlake: interrupted; run the same command again"; !strings.Contains(string(text), want) {
				t.Errorf("%q is not in:\n%s", want, text)
			}
			if _, err := os.Stat(filepath.Join(out, "_current.json")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("_current.json: %v, it must not be there", err)
			}
		})
	}
}

// TestInterruptTwice stops an export that waits for a store, as it may for some seconds after the first signal, by a second one.
func TestInterruptTwice(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	asked, release := make(chan bool, 100), make(chan bool)
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- true
		<-release
	}))
	defer silent.Close()
	defer close(release)
	c := &exec.Cmd{Path: self, Args: []string{"varlake", "export", "-", "--out", "s3://bucket/dataset"}, Stdin: endless(),
		Env: append(os.Environ(), "AWS_ENDPOINT_URL_S3="+silent.URL, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret")}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Process.Kill()
	<-asked
	began := time.Now()
	for range 2 {
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // two that are on their way would come as one
	}
	c.Wait() // its error is the exit code, or that of the broken pipe
	if code := c.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit code %d, not %d: %v", code, exitInterrupted, c.ProcessState)
	}
	if took := time.Since(began); took > grace/2 {
		t.Errorf("it ended %v after the first signal", took)
	}
}

// endless is a VCF without end.
func endless() io.Reader {
	header := "##fileformat=VCFv4.2\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
	return io.MultiReader(strings.NewReader(header), &repeated{line: "1\t5\t.\tA\tC\t.\t.\t.\n"})
}

type repeated struct {
	line string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.line[r.at]
		r.at = (r.at + 1) % len(r.line)
	}
	return len(p), nil
}
