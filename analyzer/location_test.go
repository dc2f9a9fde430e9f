package analyzer

import "testing"

func TestInstruction(t *testing.T) {
	for createdBy, want := range map[string]string{
		"": "",
		"/bin/sh -c #(nop) ADD file:85fac7e in / ":                      "ADD file:85fac7e in /",
		"/bin/sh -c #(nop)  CMD [\"bash\"]":                             "CMD [\"bash\"]",
		"/bin/sh -c apt-get update &&     apt-get install -y curl":      "RUN apt-get update && apt-get install -y curl",
		"RUN /bin/sh -c pip install -r requirements.txt # buildkit":     "RUN pip install -r requirements.txt",
		"COPY . /app # buildkit":                                        "COPY . /app",
		"|2 A=1 B=two /bin/sh -c make install":                          "RUN make install",
		"RUN |1 VERSION=3 /bin/sh -c apk add nginx=$VERSION # buildkit": "RUN apk add nginx=$VERSION",
		"bazel build ...": "bazel build ...",
	} {
		if got := (&Layer{CreatedBy: createdBy}).Instruction(); got != want {
			t.Errorf("%q: Instruction() = %q, want %q", createdBy, got, want)
		}
	}
}
