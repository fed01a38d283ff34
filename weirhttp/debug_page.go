package weirhttp

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

//go:embed debug
var pageFiles embed.FS

// The script is one, of several files in this order.
var pageScripts = []string{"format.js", "history.js", "parts.js", "rows.js", "page.js"}

// page is the same for all: whatever is about the process comes later, as data. So
// there is no template that could forget to escape, and the policy can name style
// and script by their digests.
var page = sync.OnceValue(func() (p struct{ text, policy string }) {
	style, script := pageFile("page.css"), ""
	for _, name := range pageScripts {
		script += pageFile(name)
	}
	script = "\"use strict\";\n(() => {\n" + script + "})();\n" // none of it is global
	p.text = strings.NewReplacer("{{style}}", style, "{{script}}", script).Replace(pageFile("page.html"))
	p.policy = "default-src 'none'; script-src " + digest(script) + "; style-src " + digest(style) +
		"; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" +
		"; require-trusted-types-for 'script'; trusted-types 'none'"
	return p
})

// pageFile is the text of a file as a browser digests it, whatever git has made of
// the ends of its lines.
func pageFile(name string) string {
	text, err := pageFiles.ReadFile("debug/" + name)
	if err != nil {
		panic("weirhttp: the page misses " + name)
	}
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// servePage leaves it to the server to send no body where the method is HEAD.
func servePage(w http.ResponseWriter) {
	h, p := w.Header(), page()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Content-Length", strconv.Itoa(len(p.text)))
	_, _ = w.Write([]byte(p.text)) // who has left needs no page
}
