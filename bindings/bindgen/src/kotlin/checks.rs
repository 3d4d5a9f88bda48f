//! Checks every argument before the first one crosses. A check that fails later would leave behind what has crossed
//! before it: the memory of a text, which may be a password, and a reference that keeps the engine's object alive.

/// The calls of the library that take arguments.
const CALLS: [&str; 3] = ["_fn_method_", "_fn_constructor_", "_fn_func_"];

/// Puts the checks of a call's arguments before the call. `allocationSize` looks at everything in an argument.
pub(super) fn checked(lines: Vec<String>) -> Vec<String> {
    let mut adapted: Vec<String> = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        let calls = line.trim_start().starts_with("UniffiLib.uniffi_") && line.ends_with('(');
        if calls && CALLS.iter().any(|call| line.contains(call)) {
            let checks = checks(lines.iter().skip(at));
            let begins = adapted.len().checked_sub(2).and_then(|begins| adapted.get_mut(begins));
            match begins.filter(|begins| begins.trim() == "callWithHandle {") {
                _ if checks.is_empty() => {}
                Some(begins) => *begins = format!("    also {{ {checks} }}.callWithHandle {{"),
                None => adapted.push(format!("    {checks}")),
            }
        }
        adapted.push(line.clone());
    }
    adapted
}

/// The checks of the arguments of the call that these lines begin with.
fn checks<'a>(call: impl Iterator<Item = &'a String>) -> String {
    let mut checks = Vec::new();
    for line in call {
        for argument in line.split(',') {
            if let Some((converter, value)) = argument.trim().split_once(".lower(`") {
                let name = value.split('`').next().unwrap_or_default();
                checks.push(format!("{converter}.allocationSize(`{name}`)"));
            }
        }
        if line.contains("_status)") {
            break;
        }
    }
    checks.join("; ")
}

/// Lets the converter of text refuse what is not Unicode, with an error that does not contain the text.
pub(super) fn unicode(lines: Vec<String>) -> Vec<String> {
    let checks = |line: &str| {
        ["    fun toUtf8(value: String)", "    override fun allocationSize(value: String)"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let add = |line: String| {
        if checks(&line) { vec![line, "        selfsame.checkUnicode(value)".to_owned()] } else { vec![line] }
    };
    lines.into_iter().flat_map(add).collect()
}
