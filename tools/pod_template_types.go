//go:build ignore

// Prints src/eachpod/model/data/podtemplate.json: the Go types of a pod template, one a line, as
// [field, name in JSON, type as shown in a dump, how to show it]. Run it in a module that requires k8s.io/api.
package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	v1 "k8s.io/api/core/v1"
)

var types = map[string][][4]string{}

var short = strings.NewReplacer(
	"k8s.io/api/core/v1.", "core.", "k8s.io/apimachinery/pkg/apis/meta/v1.", "meta.",
	"k8s.io/apimachinery/pkg/api/resource.", "", "k8s.io/apimachinery/pkg/util/intstr.", "")

// These have a JSON form of their own, or none.
var special = map[string]bool{"Quantity": true, "IntOrString": true, "meta.Time": true, "meta.FieldsV1": true}

func form(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Ptr:
		return "*" + form(t.Elem())
	case reflect.Slice:
		return "[]" + form(t.Elem())
	case reflect.Map:
		return "map " + form(t.Elem())
	case reflect.Struct:
		name := short.Replace(t.PkgPath() + "." + t.Name())
		if _, known := types[name]; !known && !special[name] {
			types[name] = nil
			types[name] = fields(t)
		}
		return name
	}
	return t.Kind().String()
}

func fields(t reflect.Type) [][4]string {
	rows := [][4]string{}
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		rows = append(rows, [4]string{f.Name, key, f.Type.String(), form(f.Type)})
	}
	return rows
}

func main() {
	form(reflect.TypeOf(v1.PodTemplateSpec{}))
	names := []string{}
	for name := range types {
		names = append(names, name)
	}
	sort.Strings(names)
	lines := []string{}
	for _, name := range names {
		rows, _ := json.Marshal(types[name])
		lines = append(lines, fmt.Sprintf("%q:%s", name, rows))
	}
	fmt.Printf("{\n%s\n}\n", strings.Join(lines, ",\n"))
}
