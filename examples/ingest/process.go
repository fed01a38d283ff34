package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// A process is the server as a child of this process. It ends with its parent.
type process struct {
	cmd    *exec.Cmd
	url    string
	stdin  io.Closer
	stdout bytes.Buffer
	stderr strings.Builder // after its first line
	read   chan struct{}   // closed when all of that was
}

// start returns when the server listens. It is killed when ctx ends.
func start(ctx context.Context, args []string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{read: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, self, append([]string{"serve", "-json", "-stdin"}, args...)...)
	p.cmd.Stdout = &p.stdout
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	first := make(chan string)
	go func() {
		defer close(p.read)
		lines := bufio.NewReader(stderr)
		line, _ := lines.ReadString('\n')
		first <- line
		_, _ = io.Copy(&p.stderr, lines)
	}()
	line := strings.TrimSpace(<-first)
	url, ok := strings.CutPrefix(line, listening)
	if !ok {
		p.kill()
		return nil, errors.Join(fmt.Errorf("the server did not start: %s", line), ctx.Err())
	}
	p.url = url
	return p, nil
}

// terminate has the server drain and end. Where there is no signal for that, the end of
// its stdin is one.
func (p *process) terminate() (farewell, error) {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, errors.ErrUnsupported) {
		err = p.stdin.Close()
	}
	var end farewell
	if err = errors.Join(err, p.wait()); err == nil {
		err = json.Unmarshal(p.stdout.Bytes(), &end)
	}
	if err != nil {
		err = fmt.Errorf("the server: %w: %s", err, strings.TrimSpace(p.stderr.String()))
	}
	return end, err
}

// kill ends the server at once.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it has ended already, else
	_ = p.wait()             // says that it was killed
}

func (p *process) wait() error {
	<-p.read
	return p.cmd.Wait()
}

// stats asks the server what it has done.
func (p *process) stats(ctx context.Context, client *http.Client) (f figures, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/stats", nil)
	if err != nil {
		return f, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return f, err
	}
	defer resp.Body.Close()
	return f, json.NewDecoder(resp.Body).Decode(&f)
}
