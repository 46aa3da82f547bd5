// Fields that do not exist. The schemas let them pass and the API server may drop them, so a misspelt setting would
// silently do nothing. The TypeScript compiler knows every field: an object literal with another one does not compile.
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { moduleOf, nameOf } from "./models.mjs";

const file = fileURLToPath(new URL("./resources.virtual.ts", import.meta.url));
const options = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  types: [],
};

function sourceOf(resources) {
  const lines = resources.map((resource, index) => {
    const from = `"${moduleOf(resource)}/${resource.kind}", { with: { "resolution-mode": "import" } }`;
    return `export const resource${index}: import(${from}).I${resource.kind} = ${JSON.stringify(resource)};`;
  });
  return lines.join("\n");
}

export function unknownFields(resources) {
  const text = sourceOf(resources);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (name) => name === file || fileExists.call(host, name);
  host.readFile = (name) => (name === file ? text : readFile.call(host, name));
  host.getSourceFile = (name, language, ...rest) =>
    name === file ? ts.createSourceFile(name, text, language) : getSourceFile.call(host, name, language, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ").slice(0, 300);
    if (diagnostic.file?.fileName !== file) return message;
    const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
    return `${nameOf(resources[line])}: ${message}`;
  });
}
