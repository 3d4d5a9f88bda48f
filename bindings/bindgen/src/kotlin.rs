//! Rewrites the generated Kotlin in Kotlin's idiom: calls suspend, every field has a name, and only what an
//! application needs is public.
//!
//! It reads the lines that UniFFI's templates write. If a template changes, `adapt` fails and names the part that it
//! no longer finds.

mod checks;
mod docs;
mod members;
mod numbers;
mod suspending;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use suspending::{FREES, Method, SUSPENDING};
use text::{Item, alias, items, lower_camel, with_word, word};

/// Names for fields that have no name in Rust, if neither the variant nor the type gives a good name.
const FIELDS: [(&str, &str, &str); 5] = [
    ("Answer", "CorrectAddress", "email"),
    ("Answer", "LinkTo", "place"),
    ("Answer", "NewPassword", "password"),
    ("Answer", "RecoveryCode", "code"),
    ("Answer", "Totp", "code"),
];

/// The body of `close` if the engine's object has such a call.
const CLOSES: &str = "        if (!wasDestroyed.get()) {
            try {
                this.`closed`()
            } finally {
                this.destroy()
            }
        }";

/// Names of text fields that may be printed, because the engine or the policy gives their values.
const SHOWN: [&str; 8] =
    ["AccountId", "FlowId", "MessageId", "MethodId", "ProductId", "ProviderId", "RequestId", "SessionId"];

/// Adapts all Kotlin sources of a folder.
pub(crate) fn adapt(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut files = Vec::new();
    sources(folder, &mut files)?;
    let texts = files.iter().map(fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<String> = texts.iter().map(|text| numbers::signed(text)).collect();
    let texts = members::extended(&texts)?;
    let mut adapter = Adapter::of(&texts);
    for (file, text) in files.iter().zip(&texts) {
        fs::write(file, adapter.adapted(text))?;
    }
    adapter.verify()
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "kt") {
            files.push(path);
        }
    }
    Ok(())
}

/// What the generator must know from all files together.
struct Adapter {
    /// The methods of each interface. Only they have default values.
    interfaces: BTreeMap<String, Vec<Method>>,
    /// The constructors in the companion of each class.
    constructors: BTreeMap<String, Vec<Method>>,
    /// The old and the new names of classes.
    renamed: Vec<(String, String)>,
    /// The names of fields that have none in Rust, by type and variant.
    fields: BTreeMap<(String, String), String>,
    words: docs::Words,
    /// The parts of the templates that were found.
    found: BTreeSet<&'static str>,
}

impl Adapter {
    fn of(texts: &[String]) -> Self {
        let (mut interfaces, mut constructors) = (BTreeMap::new(), BTreeMap::new());
        let mut renamed: Vec<(String, String)> =
            SUSPENDING.iter().map(|name| ((*name).to_owned(), format!("Blocking{name}"))).collect();
        for item in texts.iter().flat_map(|text| items(text)) {
            if let Some(name) = item.interface() {
                interfaces.insert(name, Method::all(&item.lines));
            } else if let Some((name, _)) = item.object() {
                let companion = item.lines.iter().skip_while(|line| line.trim() != "companion object {");
                constructors.insert(name, Method::all(&companion.cloned().collect::<Vec<_>>()));
            }
            // A record behind a custom type takes the type's name.
            for (alias, record) in item.lines.iter().filter_map(|line| alias(line)) {
                if !record.contains('.') && !record.starts_with("Ffi") {
                    renamed.push((format!("FfiConverterType{record}"), format!("FfiConverterType{alias}")));
                    renamed.push((record, alias));
                }
            }
        }
        let (fields, found) = (BTreeMap::new(), BTreeSet::new());
        Self { interfaces, constructors, renamed, fields, words: docs::Words::of(texts), found }
    }

    /// Fails if the templates have changed, or if a field in the table now has a name in Rust.
    fn verify(&self) -> Result<(), Box<dyn Error>> {
        let parts = [
            "interface",
            "object",
            "unnamed field",
            "variant without data",
            "message",
            "free text",
            "converter",
            "text",
            "closing",
            "handle in a record",
        ];
        if let Some(part) = parts.iter().find(|part| !self.found.contains(*part)) {
            return Err(format!(
                "the generated Kotlin no longer has the part {part:?}; update bindings/bindgen"
            )
            .into());
        }
        for (of, variant, name) in FIELDS {
            if self.fields.get(&(of.to_owned(), variant.to_owned())).is_none_or(|field| field != name) {
                return Err(format!(
                    "the field of {of}.{variant} has a name in Rust now; remove its row in kotlin.rs"
                )
                .into());
            }
        }
        Ok(())
    }

    fn adapted(&mut self, text: &str) -> String {
        let lines = items(text).into_iter().flat_map(|item| self.item(item)).collect();
        self.words.rewritten(lines).join("\n") + "\n"
    }

    fn item(&mut self, item: Item) -> Vec<String> {
        if let Some(name) = item.interface() {
            self.found.insert("interface");
            let (mut before, docs) = item.introduction();
            if SUSPENDING.contains(&name.as_str()) {
                let constructors = self.constructors.get(&name).map_or(&[][..], Vec::as_slice);
                let methods = self.interfaces.get(&name).map_or(&[][..], Vec::as_slice);
                before.extend(suspending::class(&name, &docs, methods, constructors));
            }
            return before;
        }
        if item.lines.iter().any(|line| line == "interface Disposable {") {
            // `Suspending.kt` defines it instead, for everything that can be closed.
            return Vec::new();
        }
        let object = item.object();
        let mut lines: Vec<String> = item.lines.into_iter().filter_map(|line| self.renamed(line)).collect();
        if let Some((name, implements)) = object {
            self.found.insert("object");
            lines = self.object(&name, &implements, lines);
        } else {
            lines = suspending::functions(lines);
        }
        if lines.iter().any(|line| line.contains("object FfiConverterString:")) {
            self.found.insert("text");
            lines = checks::unicode(lines);
        }
        let lines = self.variants(checks::checked(lines));
        let lines = self.messages(lines);
        let lines = self.hidden(lines);
        without_use(lines).into_iter().map(|line| self.visibility(line)).collect()
    }

    /// Gives classes their new names, in code alone.
    fn renamed(&self, line: String) -> Option<String> {
        let code = line.trim_start();
        if code.starts_with('*') || code.starts_with("//") {
            return Some(line);
        }
        let renamed = self.renamed.iter().fold(line, |line, (old, new)| with_word(&line, old, new));
        if let Some(class) = renamed.strip_prefix("import selfsame.Blocking") {
            return Some(format!("{renamed}\nimport selfsame.{class}"));
        }
        // Leaves out an alias if the renamed class already has its name.
        alias(&renamed).is_none_or(|(alias, of)| alias != of).then_some(renamed)
    }

    /// Rewrites a class that holds a handle. Its interface is left out, because tests use a world and no double.
    fn object(&mut self, name: &str, implements: &str, lines: Vec<String>) -> Vec<String> {
        let methods = self.interfaces.get(name);
        let close = methods.into_iter().flatten().find(|method| method.closes());
        let suspends = SUSPENDING.contains(&name);
        let mut wrapped: Option<String> = None;
        let mut adapted: Vec<String> = Vec::with_capacity(lines.len());
        for mut line in lines {
            if let Some(header) = line.strip_prefix("open class ") {
                let class = word(header);
                if suspends {
                    while adapted.pop().is_some_and(|last| last.trim() != "/**") {}
                    adapted.push(format!(
                        "/** The functions of [{name}]. Each blocks its thread until it is done. */"
                    ));
                }
                line = match methods {
                    Some(_) => format!("class {class}: AutoCloseable"),
                    None => format!("internal class {class}: AutoCloseable, {implements}"),
                };
            } else if let Some((before, after)) = line.split_once("override fun `") {
                let method = methods.into_iter().flatten().find(|method| method.name == word(after));
                if method.is_some_and(Method::closes) {
                    line = line.replace("override fun `close`", "private fun `closed`");
                } else if let Some(method) = method {
                    // A world gives an engine that suspends.
                    wrapped = (!suspends && SUSPENDING.contains(&method.returns()))
                        .then(|| method.returns().to_owned());
                    let signature = if suspends { self.renamed(method.signature.clone()) } else { None };
                    let brace = if line.ends_with('{') { " {" } else { "" };
                    line = format!("{before}{}{brace}", signature.as_ref().unwrap_or(&method.signature));
                }
            } else if let Some(class) = &wrapped {
                line = line.replace("return FfiConverter", &format!("return {class}(FfiConverter"));
                if line.trim() == ")" {
                    line.push(')');
                    wrapped = None;
                }
            }
            if line == "    @Synchronized" {
                match close {
                    Some(close) => adapted.extend(close.documented("    ")),
                    None => adapted.push(FREES.to_owned()),
                }
            }
            let ends = adapted.last().is_some_and(|last| last == "    override fun close() {");
            if ends && close.is_some() && line == "        this.destroy()" {
                self.found.insert("closing");
                line = CLOSES.to_owned();
            }
            for (old, new) in [
                ("    override fun destroy()", "    private fun destroy()"),
                ("    protected val ", "    private val "),
                ("    constructor(withHandle", "    internal constructor(withHandle"),
                ("    constructor(noHandle", "    internal constructor(noHandle"),
                ("    val uniffiIsDestroyed", "    internal val uniffiIsDestroyed"),
                ("    fun uniffiCloneHandle", "    internal fun uniffiCloneHandle"),
            ] {
                if let Some(rest) = line.strip_prefix(old) {
                    line = format!("{new}{rest}");
                }
            }
            let opens = adapted.last().is_some_and(|last| last.starts_with("class ")) && line.trim() == "{";
            adapted.push(line);
            if opens && !suspends {
                adapted.push(format!("    override fun toString(): kotlin.String = \"{name}\"\n"));
            }
        }
        adapted
    }

    /// Names the fields of variants. A variant without data prints its name.
    fn variants(&mut self, lines: Vec<String>) -> Vec<String> {
        let (mut parent, mut variant) = (String::new(), String::new());
        let mut adapted = Vec::with_capacity(lines.len());
        for mut line in lines {
            let code = line.trim_start();
            if let Some(name) = line.strip_prefix("sealed class ") {
                parent = word(name);
            } else if let Some(name) = code.strip_prefix("data class ") {
                variant = word(name);
            } else if let Some((of, name)) = code.strip_prefix("is ").and_then(|name| name.split_once('.')) {
                (parent, variant) = (word(of), word(name));
            } else if code.starts_with("object ") && code.contains(&format!(" : {parent}()")) {
                self.found.insert("variant without data");
                line = line.replacen("object ", "data object ", 1);
            }
            let place = (parent.clone(), variant.clone());
            if let Some((before, of)) = line.split_once("val v1: ") {
                self.found.insert("unnamed field");
                let name = field(&parent, &variant, of.split(')').next().unwrap_or_default());
                line = format!("{before}val `{name}`: {of}");
                self.fields.insert(place, name);
            } else if let Some(name) = self.fields.get(&place) {
                line = line
                    .replace("value.v1", &format!("value.`{name}`"))
                    .replace("this.v1", &format!("this.`{name}`"));
            }
            adapted.push(line);
        }
        adapted
    }

    /// The message of an exception is the engine's own text.
    fn messages(&mut self, lines: Vec<String>) -> Vec<String> {
        if !lines.iter().any(|line| line.contains("fun `explanation`()")) {
            return lines;
        }
        self.found.insert("message");
        let mut after_message = false;
        let own = |line: &String| {
            let is_message = line.trim() == "override val message";
            let is_body = std::mem::replace(&mut after_message, is_message);
            !is_message && !is_body
        };
        let message = "final override val message: kotlin.String get()";
        lines
            .into_iter()
            .filter(own)
            .map(|line| line.replace("fun `explanation`(): kotlin.String", message))
            .collect()
    }

    /// Lets each data class hide free text when it is printed. A class with a handle is no data class, because a copy
    /// would share the handle.
    fn hidden(&mut self, lines: Vec<String>) -> Vec<String> {
        let mut class = None;
        let mut header = 0;
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut adapted = Vec::with_capacity(lines.len());
        for line in lines {
            let code = line.trim_start();
            let ends = class.is_some() && (code == "{" || line == "){" || line == "): AutoCloseable{");
            if let Some(name) = code.strip_prefix("data class ") {
                class = Some(word(name));
                header = adapted.len();
            } else if let Some((name, of)) =
                code.strip_prefix("val `").and_then(|rest| rest.split_once("`: "))
            {
                let of = of.split([',', ')', '=']).next().unwrap_or_default().trim();
                fields.push((name.to_owned(), of.to_owned()));
            }
            let holds = class.is_some() && line == "): Disposable{";
            adapted.push(line.replace("): Disposable{", "): AutoCloseable{"));
            if let Some(header) = adapted.get_mut(header).filter(|_| holds) {
                self.found.insert("handle in a record");
                *header = header.replacen("data class ", "class ", 1);
            }
            if let Some(class) = ends.then(|| class.take()).flatten() {
                if holds || fields.iter().any(|(_, of)| is_free_text(of)) {
                    self.found.insert("free text");
                    let shown = fields.iter().map(|(name, of)| {
                        if is_free_text(of) {
                            format!("{name}=${{selfsame.hidden(`{name}`)}}")
                        } else {
                            format!("{name}=${{`{name}`}}")
                        }
                    });
                    let shown = shown.collect::<Vec<_>>().join(", ");
                    adapted
                        .push(format!("    override fun toString(): kotlin.String = \"{class}({shown})\""));
                }
                fields.clear();
            }
        }
        adapted
    }

    /// Makes everything internal that an application does not need.
    fn visibility(&mut self, line: String) -> String {
        let code = line.strip_prefix("public ").unwrap_or(&line);
        let kinds = ["interface ", "object ", "open class ", "abstract class ", "typealias ", "fun "];
        let name = kinds.iter().find_map(|kind| code.strip_prefix(kind)).map(word).unwrap_or_default();
        let machinery = ["FfiConverter", "Uniffi", "uniffi", "RustBuffer", "NoHandle"];
        if machinery.iter().any(|start| name.starts_with(start)) || name.ends_with("ExternalErrorHandler") {
            self.found.insert("converter");
            return format!("internal {code}");
        }
        line.replace("    companion object ErrorHandler", "    internal companion object ErrorHandler")
    }
}

/// Whether a value of this type is text that a person or another service has written.
fn is_free_text(of: &str) -> bool {
    let of = of.trim_end_matches('?').trim_start_matches("List<").trim_end_matches('>');
    let name = of.rsplit('.').next().unwrap_or(of);
    !SHOWN.contains(&name) && ["String", "CustomerRef"].contains(&name)
}

/// The name of a variant's only field: an id is named after what it is the id of, other types after themselves, and
/// text and numbers after the variant.
fn field(parent: &str, variant: &str, of: &str) -> String {
    let named = FIELDS.iter().find(|(of, in_variant, _)| (*of, *in_variant) == (parent, variant));
    let of = of.rsplit('.').next().unwrap_or(of);
    match (named, of.strip_suffix("Id")) {
        (Some((_, _, name)), _) => (*name).to_owned(),
        (_, Some(name)) => lower_camel(name),
        _ if ["String", "Secret", "Int", "Long"].contains(&of) => lower_camel(variant),
        _ => lower_camel(of),
    }
}

/// Leaves out `use`, which the standard library has, and companions without content. Renames `destroy` of records to
/// `close`, and leaves it out of sealed classes, which need no closing.
fn without_use(lines: Vec<String>) -> Vec<String> {
    let mut kept = Vec::with_capacity(lines.len());
    let (mut left_out, mut is_sealed, mut is_data) = (false, false, false);
    for line in lines {
        is_sealed = is_sealed || line.starts_with("sealed class ");
        is_data = is_data
            || ["sealed class ", "data class ", "enum class ", "public interface "]
                .iter()
                .any(|kind| line.starts_with(kind));
        let destroys = line.trim_start().starts_with("@Suppress(\"UNNECESSARY_SAFE_CALL\")");
        left_out = left_out || line.starts_with("inline fun <T : Disposable?") || destroys && is_sealed;
        let is_empty_companion = is_data && line.trim() == "companion object";
        if !(left_out || destroys || is_empty_companion) {
            let line = line.replace(": Disposable  {", " {");
            kept.push(line.replace("    override fun destroy() {", "    override fun close() {"));
        }
        left_out = left_out && line != "    }";
    }
    kept
}
