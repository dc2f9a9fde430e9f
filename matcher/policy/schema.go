package policy

import "encoding/json"

// Schema returns a JSON Schema of policy documents for editors. It describes the keys; [Load] checks expressions.
func Schema() []byte {
	type object = map[string]any
	text := func(doc string) object { return object{"type": "string", "description": doc} }
	texts := func(doc string) object {
		return object{"type": "array", "items": object{"type": "string"}, "description": doc}
	}
	list := func(items object) object { return object{"type": "array", "items": items} }
	table := func(required []string, properties object) object {
		o := object{"type": "object", "additionalProperties": false, "properties": properties}
		if len(required) > 0 {
			o["required"] = required
		}
		return o
	}
	word := func(doc string, words ...string) object { return object{"enum": words, "description": doc} }
	action := func(doc string) object { return word(doc, "stop", "warn", "go") }
	expiry := object{"type": []string{"string"}, "description": "the last day on which it holds, an instant (RFC 3339), or never"}
	names := ""
	for _, v := range Spec().Variables {
		names += " " + v.Name
	}
	where := func(more object) object {
		o := object{
			"registry": text("a pattern"), "repository": text(`a pattern; "*" within one element, "**" any text`), "tag": text("a pattern"),
			"digest": text("a pattern"),
		}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	imageEntry := func(required ...string) object {
		return list(table(required, where(object{"reason": text("why"), "expires": expiry, "by": text("who")})))
	}
	rule := table([]string{"name", "on", "when", "action"}, object{
		"name": text("unique in the policy"), "on": word("the kind of subject", Spec().Targets...),
		"when":   object{"type": []string{"string", "boolean"}, "description": "a CEL expression; variables are" + names},
		"action": action("what becomes of the image"), "message": text("for a person; ${} holds expressions"),
		"hide": object{"type": "boolean", "description": "hide matches that go"},
	})
	policy := table([]string{"name", "otherwise"}, object{
		"name": text("unique"), "description": text("for a person"), "mode": word("which rules decide: all that hold, or the first", "all", "first"),
		"vex": word("whether VEX statements suppress matches", "trust", "ignore"), "otherwise": action("for matches that no rule decides"),
		"rules": list(rule),
	})
	entry := table([]string{"reason", "expires"}, object{
		"vulnerability": text(`an identifier, with "*", or "regexp:" and an expression`), "package": text("a package URL with wildcards"),
		"path": text("a pattern of the file"), "finding": text("a pattern of the rule of a finding"), "rule": text("policy/rule, or policy"),
		"reason": text("why"), "expires": expiry, "by": text("who"),
	})
	chosen := object{"policies": texts("names"), "allow": texts("names of lists")}
	schema := table([]string{"version", "policies"}, object{
		"version":  object{"enum": []any{1, 2, "1", "2"}, "description": "of the language"},
		"policies": list(policy), "allow": list(table([]string{"name", "entries"}, object{"name": text("unique"), "entries": list(entry)})),
		"images":   table(nil, object{"allow": imageEntry("reason", "expires"), "deny": imageEntry("reason")}),
		"mappings": list(table([]string{"policies"}, where(chosen))), "default": table([]string{"policies"}, chosen),
	})
	schema["$schema"], schema["title"] = "https://json-schema.org/draft/2020-12/schema", "Hullmark policy"
	b, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil // no value of the above fails
	}
	return append(b, '\n')
}
