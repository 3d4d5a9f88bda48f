import SelfsameFFI

/// Ends the program where the native library is of another build than the sources: a call into it has no defined
/// outcome. The generated code calls it before anything else.
func requireTheSameBuild() {
    var status = RustCallStatus()
    let text = uniffi_selfsame_ffi_fn_func_build_id(&status)
    let built = String(decoding: UnsafeBufferPointer(start: text.data, count: Int(text.len)), as: UTF8.self)
    ffi_selfsame_ffi_rustbuffer_free(text, &status)
    guard built == buildIdOfSources else {
        fatalError(
            "selfsame: the native library is of build \(built) and the Swift module of build \(buildIdOfSources); "
                + "build the package again")
    }
}
