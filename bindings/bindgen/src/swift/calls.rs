//! Objects and their calls.

use super::names::MEMBERS;
use super::page::{Ends, Writer};
use super::source::{Call, Item, Result, items, listed, upper};

/// Objects whose calls wait for the disk or a hash.
const BLOCKING: [&str; 3] = ["AccountHandle", "Engine", "SupportDesk"];

/// Calls that are often made only to record something, so their result may be ignored.
const DISCARDABLE: [&str; 1] = ["touch"];

/// The compiler's message if it chooses a blocking call in async code, as it does in top-level code.
const NOASYNC: &str =
    "write `await` before the call; from the top-level code of main.swift, call it in an async function";

/// The method that makes several calls at once.
const ACT: &str = "    /// Makes several calls in one hop to another thread: `try await engine.act { try $0.picker() }`.
    ///
    /// - Throws: What the closure throws. `CancellationError` if the task is cancelled before the closure begins; a
    ///   closure that has begun runs to its end.
    public func act<T: Sendable>(_ calls: @escaping @Sendable (Self) throws -> T) async throws -> T {
        try await aside { try calls(self) }
    }";

impl Writer<'_> {
    /// Writes a protocol that the host implements.
    pub(crate) fn callbacks(&mut self, item: &Item) -> Result<()> {
        self.comment(0, &item.doc, Ends::Plainly);
        self.line(item.head());
        for (place, call) in items(item.body())?.iter().enumerate() {
            if place > 0 {
                self.line("");
            }
            self.comment(4, &call.doc, Ends::Plainly);
            self.line(&format!("    {}", call.head().replace("throws  ", "throws ")));
        }
        self.line("}");
        Ok(())
    }

    pub(crate) fn class(&mut self, item: &Item, name: &str) -> Result<()> {
        // Only the generated code needs the class that wraps an object of the host.
        let (access, parent) = match name.strip_suffix("Impl") {
            Some(parent) => ("", format!("{parent}, ")),
            None => ("public ", String::new()),
        };
        let waits = BLOCKING.contains(&name);
        if !access.is_empty() {
            self.comment(0, &item.doc, Ends::Plainly);
        }
        self.line(&format!("{access}final class {name}: {parent}@unchecked Sendable {{"));
        let members = items(item.body())?;
        for member in &members {
            let head = member.head();
            if head.starts_with("//") || head.contains("NoHandle") {
                continue;
            }
            if member.lines.len() > 1 {
                self.line("");
            }
            match Call::of(member) {
                Some(call) if !head.contains("uniffi") && !head.starts_with("required") => {
                    self.call(&call, 4, if call.throws && waits { Ends::Blocking } else { Ends::Plainly });
                }
                _ => self.lines(member, 0, |line| {
                    let line = line.replace("required public init", "fileprivate init");
                    line.replace("public func", "fileprivate func")
                }),
            }
        }
        self.line("}");
        if waits {
            self.line(&format!(
                "\n// Off the caller's actor, and off the threads that tasks share.\nextension {name} {{"
            ));
            self.line(&ACT.replace("Self", name));
            for call in members.iter().filter_map(Call::of).filter(|call| call.throws) {
                self.aside(&call, name);
            }
            self.line("}");
        }
        Ok(())
    }

    pub(crate) fn call(&mut self, call: &Call<'_>, indent: usize, ends: Ends<'_>) {
        let ends = match call.error() {
            Some(error) if ends == Ends::Plainly => Ends::Throwing(error),
            _ => ends,
        };
        self.comment(indent, &call.item.doc, ends);
        if ends == Ends::Blocking {
            self.line(&format!("{:indent$}@available(*, noasync, message: \"{NOASYNC}\")", ""));
        }
        self.discardable(call, indent);
        let lead = call.lead.replace("open func", "public func");
        self.line(&format!(
            "{:indent$}{} {{",
            "",
            call.declared(&lead, if call.throws { " throws" } else { "" })
        ));
        if !call.body.is_empty() {
            self.line(&format!("{:indent$}    {}", "", call.body));
        }
        for line in call.item.lines.iter().skip(1) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    fn discardable(&mut self, call: &Call<'_>, indent: usize) {
        if call.lead.rsplit(' ').next().is_some_and(|name| DISCARDABLE.contains(&name)) {
            self.line(&format!("{:indent$}@discardableResult", ""));
        }
    }

    /// Writes a call without parameters as a property.
    pub(crate) fn property(&mut self, call: &Call<'_>) {
        let doc = call.item.doc.iter().map(|line| line.strip_prefix("Returns ").map_or(line.clone(), upper));
        self.comment(4, &doc.collect::<Vec<_>>(), Ends::Plainly);
        let lead = call.lead.replace("func", "var");
        self.line(&format!("    {lead}: {} {{", call.returns.unwrap_or_default()));
        for line in call.item.lines.iter().skip(1) {
            self.line(&format!("    {line}"));
        }
    }

    /// Writes the async method of the same name.
    pub(crate) fn aside(&mut self, call: &Call<'_>, name: &str) {
        self.line("");
        self.comment(4, &call.item.doc, Ends::Async);
        self.discardable(call, 4);
        let lead = call.lead.replace("open func", "public func");
        let called = lead.rsplit(' ').next().unwrap_or_default();
        let of = if lead.contains("static ") { name } else { "self" };
        let given = listed(
            call.params.iter().filter_map(|param| param.name.as_ref()).map(|name| format!("{name}: {name}")),
        );
        self.line(&format!("    {} {{", call.declared(&lead, " async throws")));
        self.line(&format!("        try await aside {{ try {of}.{called}({given}) }}"));
        self.line("    }");
    }

    /// Writes a function. If `MEMBERS` names a type for it, it becomes a member of the type.
    pub(crate) fn function(&mut self, item: &Item) -> Result<()> {
        let mut call = Call::of(item).ok_or("a function has an unexpected form")?;
        let function = call.lead.rsplit(' ').next().unwrap_or_default();
        let Some((_, of, name)) = MEMBERS.iter().find(|(member, ..)| *member == function) else {
            self.call(&call, 0, Ends::Plainly);
            return Ok(());
        };
        self.named.insert(function.to_owned());
        self.line(&format!("extension {of} {{"));
        let mut own = Item { doc: item.doc.clone(), lines: item.lines.clone() };
        let this = call.params.first().filter(|param| param.of == *of).and_then(|param| param.name.clone());
        if let Some(this) = &this {
            call.params.remove(0);
            for line in &mut own.lines {
                *line = line.replace(&format!("_lower({this})"), "_lower(self)");
            }
        }
        let is_property = this.is_some() && call.params.is_empty() && !call.throws;
        let kind = if is_property { "var" } else { "func" };
        let lead = format!("public {}{kind} {name}", if this.is_some() { "" } else { "static " });
        let call = Call { item: &own, lead: &lead, ..call };
        if is_property {
            self.property(&call);
        } else if call.throws && BLOCKING.contains(of) {
            self.call(&call, 4, Ends::Blocking);
            self.aside(&call, of);
        } else {
            self.call(&call, 4, Ends::Plainly);
        }
        self.line("}");
        Ok(())
    }
}
