//! The paths in Rust source, for the tests of the floors.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, Ident, ImplItemFn, Item, ItemConst, ItemEnum, ItemExternCrate, ItemFn, ItemImpl,
    ItemMacro, ItemMod, ItemStatic, ItemStruct, ItemTrait, ItemType, ItemUse, Macro, Meta, Signature,
    UseTree, Visibility,
};

/// The module of a file, from the crate's root.
pub(crate) fn modules_of(file: &str) -> Vec<String> {
    let name = file.strip_suffix(".rs").unwrap_or(file);
    let mut modules: Vec<String> = name.split('/').map(str::to_owned).collect();
    modules.pop_if(|last| ["lib", "main", "mod"].contains(&last.as_str()));
    modules
}

/// A path as it is written, and the inline modules around it.
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) within: Vec<String>,
    pub(crate) line: usize,
    /// Whether it is compiled only for tests.
    pub(crate) in_test: bool,
    pub(crate) import: Option<Import>,
}

/// Resolves a path that begins with `crate`, `self` or `super` in the module `scope`.
pub(crate) fn resolved(scope: &[String], segments: &[String]) -> Option<Vec<String>> {
    let (first, mut rest) = segments.split_first()?;
    let mut at = match first.as_str() {
        "crate" => Vec::new(),
        "self" => scope.to_vec(),
        "super" => scope.split_last()?.1.to_vec(),
        _ => return None,
    };
    while let [up, further @ ..] = rest
        && up == "super"
    {
        at.pop();
        rest = further;
    }
    Some([at, rest.to_vec()].concat())
}

/// The name under which a `use` imports a path.
pub(crate) struct Import {
    pub(crate) name: String,
    pub(crate) is_exported: bool,
}

/// A `mod` and the modules around it.
pub(crate) struct Module {
    pub(crate) path: Vec<String>,
    pub(crate) is_inline: bool,
    pub(crate) in_test: bool,
}

/// A function with a body.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: usize,
    /// Whether it is compiled only for tests.
    pub(crate) in_test: bool,
}

/// Every path in a file: those in a `use`, with groups split up, those in other code, and those in macros. A macro
/// that is called without a path is a path of its name with `!`.
#[derive(Default)]
pub(crate) struct Paths {
    pub(crate) found: Vec<Named>,
    pub(crate) modules: Vec<Module>,
    pub(crate) functions: Vec<Function>,
    /// The macros that the file defines.
    pub(crate) macros: Vec<String>,
    within: Vec<String>,
    in_test: bool,
}

impl Paths {
    pub(crate) fn of(source: &str) -> syn::Result<Self> {
        let mut paths = Self::default();
        paths.visit_file(&syn::parse_file(source)?);
        Ok(paths)
    }

    fn add(&mut self, segments: Vec<String>, line: usize, import: Option<Import>) {
        // These come from `pub(crate)` and `self.x`.
        let is_keyword =
            import.is_none() && matches!(segments.join("::").as_str(), "crate" | "self" | "super");
        if !is_keyword {
            let (within, in_test) = (self.within.clone(), self.in_test);
            self.found.push(Named { segments, within, line, in_test, import });
        }
    }

    fn leaves(&mut self, tree: &UseTree, stem: &[String], is_exported: bool) {
        let (mut segments, line, renamed) = match tree {
            UseTree::Path(path) => return self.leaves(&path.tree, &with(stem, &path.ident), is_exported),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|item| self.leaves(item, stem, is_exported));
            }
            UseTree::Name(name) => (with(stem, &name.ident), &name.ident.span(), None),
            UseTree::Rename(name) => (with(stem, &name.ident), &name.ident.span(), Some(&name.rename)),
            UseTree::Glob(glob) => ([stem, &["*".to_owned()]].concat(), &glob.star_token.spans[0], None),
        };
        // `self` in a group means the stem itself.
        segments.pop_if(|last| last == "self" && !stem.is_empty());
        let name = renamed.map(|name| name.unraw().to_string()).or_else(|| segments.last().cloned());
        let name = name.unwrap_or_default();
        self.add(segments, line.start().line, Some(Import { name, is_exported }));
    }

    /// Finds the paths in the tokens of a macro, which may not be Rust. `stem` is the path before a group.
    fn tokens(&mut self, tokens: TokenStream, stem: &[String]) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let (mut rest, mut follows_use) = (trees.as_slice(), false);
        'paths: while let [first, after @ ..] = rest {
            rest = after;
            let TokenTree::Ident(ident) = first else {
                if let TokenTree::Group(group) = first {
                    self.tokens(group.stream(), &[]);
                }
                continue;
            };
            if !stem.is_empty() && ident == "as" {
                rest = after.get(1..).unwrap_or_default();
                continue;
            }
            let mut segments = with(stem, ident);
            while let [TokenTree::Punct(one), TokenTree::Punct(two), next, after @ ..] = rest
                && one.as_char() == ':'
                && two.as_char() == ':'
            {
                match next {
                    TokenTree::Ident(ident) => segments.push(ident.unraw().to_string()),
                    TokenTree::Punct(sign) if sign.as_char() == '*' => segments.push("*".to_owned()),
                    TokenTree::Group(group) => {
                        self.tokens(group.stream(), &segments);
                        rest = after;
                        continue 'paths;
                    }
                    _ => break,
                }
                rest = after;
            }
            let name = segments.last().cloned().unwrap_or_default();
            let import = follows_use.then_some(Import { name, is_exported: false });
            // A single `crate` comes from `extern crate`.
            follows_use = segments == ["use"] || segments == ["crate"];
            self.add(segments, ident.span().start().line, import);
        }
    }

    fn function(&mut self, signature: &Signature, body: &Block) {
        let (first, last) = (signature.fn_token.span.start(), body.brace_token.span.close().end());
        let (name, lines) = (signature.ident.to_string(), last.line - first.line + 1);
        self.functions.push(Function { name, lines, in_test: self.in_test });
    }

    fn for_tests(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let was = self.in_test;
        self.in_test |= attributes.iter().any(|attribute| match &attribute.meta {
            Meta::Path(path) => path.is_ident("test"),
            Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
            Meta::NameValue(_) => false,
        });
        visit(self);
        self.in_test = was;
    }
}

fn with(stem: &[String], ident: &Ident) -> Vec<String> {
    [stem, &[ident.unraw().to_string()]].concat()
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect();
        let line = path.segments.first().map_or(0, |first| first.ident.span().start().line);
        self.add(segments, line, None);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        if let Some(name) = called.path.get_ident() {
            self.add(vec![format!("{name}!")], name.span().start().line, None);
        }
        visit::visit_macro(self, called);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        self.macros.extend(item.ident.as_ref().map(|name| format!("{name}!")));
        visit::visit_item_macro(self, item);
    }

    fn visit_token_stream(&mut self, tokens: &'ast TokenStream) {
        self.tokens(tokens.clone(), &[]);
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.visit_visibility(&item.vis);
        self.leaves(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_item_extern_crate(&mut self, item: &'ast ItemExternCrate) {
        let import = Import { name: item.ident.to_string(), is_exported: false };
        self.add(vec![item.ident.to_string()], item.ident.span().start().line, Some(import));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.within.push(item.ident.unraw().to_string());
        let (path, in_test) = (self.within.clone(), self.in_test);
        self.modules.push(Module { path, is_inline: item.content.is_some(), in_test });
        visit::visit_item_mod(self, item);
        self.within.pop();
    }

    fn visit_item(&mut self, item: &'ast Item) {
        self.for_tests(attributes(item), |paths| visit::visit_item(paths, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.for_tests(&item.attrs, |paths| {
            paths.function(&item.sig, &item.block);
            visit::visit_impl_item_fn(paths, item);
        });
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(ItemConst { attrs, .. })
        | Item::Enum(ItemEnum { attrs, .. })
        | Item::Fn(ItemFn { attrs, .. })
        | Item::Impl(ItemImpl { attrs, .. })
        | Item::Macro(ItemMacro { attrs, .. })
        | Item::Mod(ItemMod { attrs, .. })
        | Item::Static(ItemStatic { attrs, .. })
        | Item::Struct(ItemStruct { attrs, .. })
        | Item::Trait(ItemTrait { attrs, .. })
        | Item::Type(ItemType { attrs, .. })
        | Item::Use(ItemUse { attrs, .. }) => attrs,
        _ => &[],
    }
}
