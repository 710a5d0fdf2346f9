// SPDX-License-Identifier: Apache-2.0

// Command front stands before a Rekor v2 server as a reverse proxy does where
// one runs for the public: entries are written to the server, and the tiles and
// the checkpoint are read from its files, by the paths of its API.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "loopback address")
	to := flag.String("to", "", "URL of the server")
	files := flag.String("files", "", "folder where it keeps the log")
	flag.Parse()
	server, err := url.Parse(*to)
	if err != nil || *files == "" {
		fmt.Fprintln(os.Stderr, "front: --to URL --files FOLDER")
		os.Exit(2)
	}
	folder, err := os.OpenRoot(*files)
	if err != nil {
		fmt.Fprintln(os.Stderr, "front:", err)
		os.Exit(1)
	}
	mux := http.NewServeMux()
	read := http.StripPrefix("/api/v2/", http.FileServerFS(folder.FS()))
	mux.Handle("GET /api/v2/checkpoint", read)
	mux.Handle("GET /api/v2/tile/", read)
	mux.Handle("/", httputil.NewSingleHostReverseProxy(server))
	fmt.Fprintln(os.Stderr, http.ListenAndServe(*listen, mux))
	os.Exit(1)
}
