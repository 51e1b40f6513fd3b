package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/varlake/varlake/internal/athenatest"
)

// playAthena runs "athena SCRIPT": from there on Athena is one that knows the script, and S3 serves the work folder, of which each folder is a bucket.
func playAthena(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: athena SCRIPT")
	}
	var script athenatest.Script
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &script))
	objects := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs("."))))
	ts.Defer(objects.Close)
	for name, value := range awsEnvironment(objects.URL, athenatest.New(ts.Value(testingKey{}).(testing.TB), script).URL) {
		ts.Setenv(name, value)
	}
}

// testingKey is that of the test among the values of a script.
type testingKey struct{}

// awsEnvironment leads all requests to test servers.
func awsEnvironment(s3, athena string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_S3": s3, "AWS_ENDPOINT_URL_ATHENA": athena, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "",
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
	}
}

// TestInterruptAthena stops the command while it waits for a query, which must not go on without it.
func TestInterruptAthena(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			root := t.TempDir()
			std := &streams{out: t.Output(), err: t.Output()}
			vcf := filepath.Join(root, "x.vcf")
			if err := os.WriteFile(vcf, []byte("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"), 0o666); err != nil {
				t.Fatal(err)
			}
			if code := run([]string{"export", vcf, "--out", filepath.Join(root, "bucket", "d"), "--progress", "never"}, std); code != exitDone {
				t.Fatalf("export: exit code %d", code)
			}
			objects := httptest.NewServer(http.FileServer(http.Dir(root)))
			defer objects.Close()
			server := athenatest.New(t, athenatest.Script{Queries: map[string]athenatest.Query{"SELECT 1": {States: []string{"RUNNING"}}}})

			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			c := &exec.Cmd{Path: self, Args: []string{"varlake", "query", "s3://bucket/d", "SELECT 1", "--athena", "--database", "g", "--output", "s3://results"}, Env: os.Environ()}
			for name, value := range awsEnvironment(objects.URL, server.URL) {
				c.Env = append(c.Env, name+"="+value)
			}
			said, err := c.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			defer c.Process.Kill()
			var text strings.Builder
			for lines := bufio.NewScanner(said); lines.Scan(); {
				text.WriteString(lines.Text() + "\n")
				if strings.Contains(lines.Text(), "state=RUNNING") {
					if err := c.Process.Signal(sig); err != nil {
						t.Fatal(err)
					}
				}
			}
			c.Wait() // its error is the exit code
			if code := c.ProcessState.ExitCode(); code != exitInterrupted {
				t.Errorf("exit code %d, not %d", code, exitInterrupted)
			}
			if stopped := server.Stopped(); len(stopped) != 1 || !strings.Contains(text.String(), "query "+stopped[0]+" was stopped") {
				t.Errorf("stopped %q, and said:\n%s", stopped, &text)
			}
		})
	}
}
