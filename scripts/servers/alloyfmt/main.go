// Alloyfmt shows what Grafana Alloy's own parser, formatter and evaluator make of files that Atalaya rendered.
//
//	alloyfmt FILE...          prints each file as `alloy fmt` would
//	alloyfmt -l FILE...       prints the names of files that `alloy fmt` would change
//	alloyfmt -values FILE...  prints one line of JSON a file: its top-level attributes, evaluated
//
// Exit code 1 and the errors on stderr where a file does not parse or evaluate; 2 for wrong usage.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/grafana/alloy/syntax/ast"
	"github.com/grafana/alloy/syntax/diag"
	"github.com/grafana/alloy/syntax/parser"
	"github.com/grafana/alloy/syntax/printer"
	"github.com/grafana/alloy/syntax/vm"
)

func main() {
	list := flag.Bool("l", false, "list files whose formatting differs")
	values := flag.Bool("values", false, "print the values of top-level attributes as JSON")
	flag.Parse()
	if flag.NArg() == 0 || *list && *values {
		flag.Usage()
		os.Exit(2)
	}

	failed := false
	for _, name := range flag.Args() {
		out, err := run(name, *list, *values)
		if err != nil {
			report(name, err)
			failed = true
			continue
		}
		os.Stdout.Write(out)
	}
	if failed {
		os.Exit(1)
	}
}

// report prints every problem; the parser's own message would name the first and count the rest.
func report(name string, err error) {
	var problems diag.Diagnostics
	if !errors.As(err, &problems) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		return
	}
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
}

func run(name string, list, values bool) ([]byte, error) {
	source, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(name, source)
	if err != nil {
		return nil, err
	}
	if values {
		return evaluate(file)
	}

	// As internal/alloycli/cmd_fmt.go does: print, then one line break.
	var formatted bytes.Buffer
	if err := printer.Fprint(&formatted, file); err != nil {
		return nil, err
	}
	formatted.WriteByte('\n')
	if !list {
		return formatted.Bytes(), nil
	}
	if bytes.Equal(source, formatted.Bytes()) {
		return nil, nil
	}
	return []byte(name + "\n"), nil
}

func evaluate(file *ast.File) ([]byte, error) {
	values := map[string]any{}
	for _, statement := range file.Body {
		attribute, ok := statement.(*ast.AttributeStmt)
		if !ok {
			continue
		}
		var value any
		if err := vm.New(attribute.Value).Evaluate(nil, &value); err != nil {
			return nil, err
		}
		values[attribute.Name.Name] = value
	}
	line, err := json.Marshal(values)
	return append(line, '\n'), err
}
