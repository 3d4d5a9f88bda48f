//! Writes the classes whose calls suspend, from the interfaces of the classes whose calls block.

/// The classes whose calls suspend. The generated class, which blocks, is called `Blocking…`.
pub(super) const SUSPENDING: [&str; 3] = ["Engine", "AccountHandle", "SupportDesk"];

/// The documentation of `close` if the engine's object has no such call.
pub(super) const FREES: &str =
    "    /** Frees the object at once, before the garbage collector does. Closing it again has no effect. */";

/// A function as an interface or a companion declares it.
pub(super) struct Method {
    docs: Vec<String>,
    pub(super) name: String,
    /// The declaration from `fun` on, without the body.
    pub(super) signature: String,
}

impl Method {
    /// All functions that these lines declare.
    pub(super) fn all(lines: &[String]) -> Vec<Self> {
        let mut docs = Vec::new();
        let mut methods = Vec::new();
        for line in lines {
            let code = line.trim();
            if code == "/**" {
                docs.clear();
            }
            if let Some((_, function)) = line.split_once("fun `") {
                let name = function.split('`').next().unwrap_or_default().to_owned();
                let signature = format!("fun `{}", function.trim_end_matches('{').trim_end());
                methods.push(Self { docs: std::mem::take(&mut docs), name, signature });
            } else if code == "/**" || code.starts_with('*') {
                docs.push(line.trim_start().to_owned());
            }
        }
        methods
    }

    /// The type that it returns.
    pub(super) fn returns(&self) -> &str {
        self.signature.rsplit_once("): ").map_or("Unit", |(_, returns)| returns)
    }

    /// A call with its own arguments.
    fn call(&self) -> String {
        let parts: Vec<&str> = self.signature.split('`').collect();
        let arguments = parts.windows(2).skip(2).filter_map(|pair| match pair {
            [name, after] if after.starts_with(": ") => Some(format!("`{name}`")),
            _ => None,
        });
        format!("`{}`({})", self.name, arguments.collect::<Vec<_>>().join(", "))
    }

    /// Its documentation.
    pub(super) fn documented(&self, indent: &str) -> impl Iterator<Item = String> {
        self.docs.iter().map(move |line| {
            let star = if line.starts_with('*') { " " } else { "" };
            format!("{indent}{star}{line}")
        })
    }

    /// Whether it closes the object, as Kotlin's `AutoCloseable` does.
    pub(super) fn closes(&self) -> bool {
        self.name == "close"
    }

    /// Declares the same function as a suspending one, which calls the function of `on` inside `run`.
    fn suspending(&self, indent: &str, run: &str, on: &str) -> Vec<String> {
        let documented = self.documented(indent);
        let unit = if self.returns() == "Unit" { ": Unit" } else { "" };
        let mut result = format!("{run} {{ {on}.{} }}", self.call());
        if run == "act" && SUSPENDING.contains(&self.returns()) {
            result = format!("{}({result})", self.returns());
        }
        documented
            .chain([format!("{indent}suspend {}{unit} = {result}", self.signature), String::new()])
            .collect()
    }
}

/// Adds suspending functions for those of the top level that open a file.
pub(super) fn functions(mut lines: Vec<String>) -> Vec<String> {
    for method in Method::all(&lines).into_iter().filter(|method| method.signature.contains(": PathBuf")) {
        let blocking = format!("blocking_{}", method.name);
        for line in &mut lines {
            *line = line.replace(&format!("fun `{}`", method.name), &format!("internal fun `{blocking}`"));
        }
        lines.extend(Method { name: blocking, ..method }.suspending("", "offThread", "selfsame"));
    }
    lines
}

/// The class that suspends.
pub(super) fn class(name: &str, docs: &[String], methods: &[Method], constructors: &[Method]) -> Vec<String> {
    let mut lines: Vec<String> = docs.iter().filter(|line| line.trim() != "*/").cloned().collect();
    lines.push(format!(
        " *
 * Every function suspends while the engine works on [kotlinx.coroutines.Dispatchers.IO]. Cancelling a call before it
 * starts has no effect on the store. A call that has begun runs to its end.
 */
class {name} internal constructor(
    /** The same functions, which block their thread. */
    val blocking: Blocking{name},
) : AutoCloseable {{
    /** Makes several calls in one hop to another thread. In [block] each call blocks that thread. */
    suspend fun <T> act(block: Blocking{name}.() -> T): T = offThread {{ blocking.block() }}
"
    ));
    let (closing, others): (Vec<_>, Vec<_>) = methods.iter().partition(|method| method.closes());
    lines.extend(others.iter().flat_map(|method| method.suspending("    ", "act", "this")));
    match closing.first() {
        Some(close) => lines.extend(close.documented("    ")),
        None => lines.push(FREES.to_owned()),
    }
    lines.push("    override fun close() = blocking.close()".to_owned());
    if !constructors.is_empty() {
        lines.push("\n    companion object {".to_owned());
        let on = format!("Blocking{name}");
        lines.extend(
            constructors.iter().flat_map(|constructor| constructor.suspending("        ", "made", &on)),
        );
        lines.push("    }".to_owned());
    }
    lines.push("}\n".to_owned());
    lines
}
