package admission

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxImages is the most images of a workload.
const maxImages = 500

// A workload has the properties of a pod, or of an object that makes pods, by which rules select and judge.
type workload struct {
	namespace      string
	kind           string
	name           string
	serviceAccount string
	labels         map[string]string
	annotations    map[string]string
	controlled     bool // an owner made it
	deleting       bool
	images         []image
}

// An image is an image that a pod names.
type image struct {
	reference string
	pointer   string // JSON pointer of the field in the object
	where     string // "container web"
	on        Platforms
}

// templates are the ways from an object to its pod template: those of workloads, of cron jobs, and of a PodTemplate. Custom resources of the
// same form, such as rollouts, are read, too.
var templates = [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}, {"template"}}

// lists are the lists of containers in the specification of a pod.
var lists = []struct{ field, what string }{
	{"initContainers", "init container"}, {"containers", "container"}, {"ephemeralContainers", "ephemeral container"},
}

// readWorkload reads an object. It looks fields up by their exact names, unlike a struct in encoding/json: a second field "Containers" of a
// custom resource must not replace the first.
func readWorkload(raw json.RawMessage) (*workload, error) {
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return nil, errors.New("the object is malformed")
	}
	w := new(workload)
	w.kind, _ = object["kind"].(string)
	w.meta(object)
	w.name, _ = child(object, "metadata")["name"].(string)
	w.namespace, _ = child(object, "metadata")["namespace"].(string)
	_, w.deleting = child(object, "metadata")["deletionTimestamp"].(string)
	owners, _ := child(object, "metadata")["ownerReferences"].([]any)
	w.controlled = len(owners) > 0
	found := w.pod(child(object, "spec"), "/spec")
	for _, way := range templates {
		template := child(object, way...)
		if spec := child(template, "spec"); spec != nil && w.pod(spec, "/"+strings.Join(way, "/")+"/spec") {
			found = true
			w.meta(template) // labels of the pod replace equal ones of the object
		}
	}
	if !found {
		return w, nil
	}
	if len(w.images) > maxImages {
		return nil, fmt.Errorf("more than %d images", maxImages)
	}
	if w.serviceAccount == "" {
		w.serviceAccount = "default"
	}
	return w, nil
}

// meta adds the labels and annotations of an object or template.
func (w *workload) meta(object map[string]any) {
	add := func(to *map[string]string, field string) {
		for k, v := range child(object, "metadata", field) {
			if s, ok := v.(string); ok {
				if *to == nil {
					*to = make(map[string]string)
				}
				(*to)[k] = s
			}
		}
	}
	add(&w.labels, "labels")
	add(&w.annotations, "annotations")
}

// pod adds the images of a pod's specification. It reports whether there are any.
func (w *workload) pod(spec map[string]any, pointer string) bool {
	before, on := len(w.images), platforms(spec)
	for _, list := range lists {
		containers, _ := spec[list.field].([]any)
		for i, c := range containers {
			container, _ := c.(map[string]any)
			reference, _ := container["image"].(string)
			name, _ := container["name"].(string)
			if reference == "" && pointer != "/spec" { // a template may leave the image to another webhook, and its pods are checked
				continue
			}
			w.images = append(w.images, image{reference, pointer + "/" + list.field + "/" + strconv.Itoa(i) + "/image", list.what + " " + name, on})
		}
	}
	volumes, _ := spec["volumes"].([]any)
	for i, v := range volumes {
		volume, _ := v.(map[string]any)
		name, _ := volume["name"].(string)
		if reference, _ := child(volume, "image")["reference"].(string); reference != "" {
			w.images = append(w.images, image{reference, pointer + "/volumes/" + strconv.Itoa(i) + "/image/reference", "volume " + name, on})
		}
	}
	if len(w.images) == before {
		return false
	}
	if account, _ := spec["serviceAccountName"].(string); account != "" {
		w.serviceAccount = account
	}
	return true
}

func child(object map[string]any, path ...string) map[string]any {
	for _, p := range path {
		object, _ = object[p].(map[string]any)
	}
	return object
}

// parse returns a reference in full: "nginx" is "index.docker.io/library/nginx:latest".
func parse(reference string) (name.Reference, error) {
	if len(reference) > 1024 {
		return nil, errors.New("the reference has more than 1024 characters")
	}
	ref, err := name.ParseReference(reference)
	if err != nil || dots(ref.Context().RepositoryStr()) {
		return nil, errors.New("the reference is malformed")
	}
	return ref, nil
}

// dots reports whether a repository has an element like "..", which package name takes. It would lead a client out of the API's path.
func dots(repository string) bool {
	return slices.ContainsFunc(strings.Split(repository, "/"), func(s string) bool { return strings.Trim(s, ".") == "" })
}
