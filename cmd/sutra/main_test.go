package main

import (
	"archive/zip"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cratio/sutra/pipeline/config"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sutra":       main,
		killedProgram: rightsKilled,
	})
}

// TestScripts runs the command line as a user would; the scripts read as
// documentation.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: os.Getenv("UPDATE") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "sqlite": makeSQLite, "unpack": unpack},
	})
}

// exits runs a program and checks its exit status: exits 3 sutra scan.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var e *exec.ExitError
		if !errors.As(err, &e) {
			ts.Fatalf("%v", err)
		}
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// unpack unpacks a bundle: unpack she.zip folder.
func unpack(ts *testscript.TestScript, _ bool, args []string) {
	z, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), z))
	ts.Check(z.Close())
}

// A command that was interrupted says so in words, and ends 130.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := config.Init(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code := run(ctx, []string{"--config", filepath.Join(dir, "sutra.yaml"), "scan"}, out, out); code != exitInterrupted {
		t.Errorf("exit status %d, want %d", code, exitInterrupted)
	}
	text, err := os.ReadFile(out.Name())
	if want := "sutra: interrupted; run the same command again\n"; err != nil || string(text) != want {
		t.Errorf("printed %q, %v; want %q", text, err, want)
	}
}
