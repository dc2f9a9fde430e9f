// Prints the errors that GitHub's own parser finds in the workflows that are given, a line each. Run it in a folder with
// @actions/workflow-parser in node_modules.
import {readFileSync} from "node:fs";
import {register} from "node:module";
import {pathToFileURL} from "node:url";

// The package imports its schema without saying that it is JSON, which Node.js refuses.
register("data:text/javascript," + encodeURIComponent(`export function load(url, context, next) {
	return next(url, url.endsWith(".json") ? {...context, importAttributes: {type: "json"}} : context);
}`));
const at = process.cwd() + "/node_modules/@actions/workflow-parser/dist/index.js";
const {NoOperationTraceWriter, parseWorkflow} = await import(pathToFileURL(at));
for (const name of process.argv.slice(2)) {
	const parsed = parseWorkflow({name, content: readFileSync(name, "utf8")}, new NoOperationTraceWriter());
	for (const error of parsed.context.errors.getErrors()) console.log(String(error));
}
