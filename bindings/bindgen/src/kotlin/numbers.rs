//! Replaces Rust's unsigned numbers with `Int`, or `Long` for 64 bits. A literal is an `Int`, so an unsigned
//! parameter would ask each caller for `32u`, and Java could not call the function.

use super::text::items;

/// Rust's unsigned type, the type in Kotlin, the type that crosses, and the greatest number of both.
const NUMBERS: [(&str, &str, &str, &str); 4] = [
    ("UByte", "Int", "Byte", "255"),
    ("UShort", "Int", "Short", "65535"),
    ("UInt", "Int", "Int", "Int.MAX_VALUE"),
    ("ULong", "Long", "Long", "Long.MAX_VALUE"),
];

/// The source with signed numbers. A number that does not fit is refused before it crosses.
pub(super) fn signed(source: &str) -> String {
    let mut signed = String::with_capacity(source.len());
    for item in items(source) {
        let number = NUMBERS.iter().find(|(unsigned, ..)| {
            let converter = format!("object FfiConverter{unsigned}:");
            item.lines.iter().any(|line| line.contains(&converter))
        });
        for line in item.lines {
            signed.push_str(&match number {
                Some(number) => converted(&line, number),
                None => declared(&line),
            });
            signed.push('\n');
        }
    }
    signed
}

/// Rewrites a line of a number's converter. The converter keeps its name.
fn converted(line: &str, (unsigned, signed, crossing, most): &(&str, &str, &str, &str)) -> String {
    let lowers = format!("        return value.to{crossing}()");
    if line == lowers {
        let refuses = "{ \"$value is negative or too large\" }";
        return format!("        require(value in 0..{most}) {refuses}\n{lowers}");
    }
    let of_size = format!("    override fun allocationSize(value: {unsigned}) = ");
    if let Some(size) = line.strip_prefix(&of_size) {
        return format!("    override fun allocationSize(value: {signed}) = {size}.also {{ lower(value) }}");
    }
    line.replace(&format!("<{unsigned},"), &format!("<{signed},"))
        .replace(&format!(": {unsigned}"), &format!(": {signed}"))
        .replace(&format!("value.to{unsigned}()"), &format!("value.to{unsigned}().to{signed}()"))
        .replace(&format!("(value.to{crossing}())"), "(lower(value))")
}

/// Rewrites a line that declares numbers, some with a default value.
fn declared(line: &str) -> String {
    let signed = NUMBERS.iter().fold(line.to_owned(), |line, (unsigned, signed, ..)| {
        line.replace(&format!("kotlin.{unsigned}"), &format!("kotlin.{signed}"))
    });
    if signed == line {
        return signed;
    }
    ('0'..='9').fold(signed, |line, digit| line.replace(&format!("{digit}u"), &digit.to_string()))
}
