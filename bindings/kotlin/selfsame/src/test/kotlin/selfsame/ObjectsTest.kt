package selfsame

import java.io.ByteArrayOutputStream
import java.io.NotSerializableException
import java.io.ObjectOutputStream
import java.io.Serializable
import java.lang.reflect.InvocationTargetException
import java.lang.reflect.Method
import java.lang.reflect.Modifier
import java.lang.reflect.ParameterizedType
import java.lang.reflect.Type
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import kotlin.coroutines.Continuation
import kotlin.io.path.extension
import kotlin.io.path.relativeTo
import kotlin.io.path.walk
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.io.TempDir

/** Objects of the engine and secrets are not copied or written, and refuse calls once they are gone. */
class ObjectsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `no class of the package can be written or cloned`() {
        val written = classes.filter { Serializable::class.java.isAssignableFrom(it) }
        assertEquals(listOf(), written.filterNot(::isData).map { it.name })
        assertEquals(listOf(), classes.filter { Cloneable::class.java.isAssignableFrom(it) }.map { it.name })
        assertTrue(listOf(Secret::class, HostKey::class, Engine::class, QrCode::class).all { it.java in classes })
    }

    @Test
    fun `a class with an object of the engine cannot be copied`() {
        val holding = classes.filter { holds(it) }
        assertTrue(listOf(BlockingEngine::class, Engine::class, QrCode::class, TotpEnrolment::class).all { it.java in holding })
        val copies = Regex("copy(\\\$default)?|clone|component[0-9]+")
        assertEquals(listOf(), holding.filter { it.declaredMethods.any { method -> copies.matches(method.name) } })
    }

    @Test
    fun `an object and a secret say that they cannot be written`() {
        val store = Store(folder)
        val account = store.engine.account(signUp(store.engine))
        val enrolment = account.enrollTotp()
        val secrets = listOf(PASSWORD, FlowToken("1"), SessionToken("1"), RecognitionToken("1"), HostKey(ByteArray(32)))
        for (value in secrets + listOf(store.engine, account, store.engine.support("grace"), enrolment, enrolment.qr)) {
            val refused = assertFailsWith<NotSerializableException> { ObjectOutputStream(ByteArrayOutputStream()).writeObject(value) }
            assertEquals(value.javaClass.name, refused.message)
        }
    }

    @Test
    fun `what a closed engine has given out refuses every call`() {
        val store = Store(folder)
        val account = store.engine.account(signUp(store.engine))
        val desk = store.engine.support("grace")
        store.engine.close()
        store.engine.close()
        assertEquals(1L, BlockingEngine.open(store.path, store.unlock).use { again ->
            assertFailsWith<SelfsameException.Closed> { account.view() }
            assertFailsWith<SelfsameException.Closed> { desk.find(EMAIL) }
            assertFailsWith<IllegalStateException> { store.engine.health() }
            again.health().accounts
        })
        desk.close()
        assertFailsWith<IllegalStateException> { desk.find(EMAIL) }
    }

    @Test
    fun `what a closed engine has given out refuses every call of a coroutine`() = runBlocking<Unit> {
        val (path, unlock) = Store(folder).run { engine.close(); path to unlock }
        val engine = Engine.open(path, unlock)
        val account = engine.act { account(signUp(this)) }
        val desk = engine.support("grace")
        engine.close()
        Engine.open(path, unlock).use {
            assertFailsWith<SelfsameException.Closed> { account.view() }
            assertFailsWith<SelfsameException.Closed> { desk.find(EMAIL) }
        }
    }

    @Test
    fun `a text that is not Unicode is refused in every place and not shown`() {
        val store = Store(folder)
        val account = store.engine.account(signUp(store.engine))
        val receivers = listOf(store.engine, account, store.engine.support("grace"), QrCode.of(PASSWORD))
        val calls = receivers.flatMap { receiver -> calls(receiver.javaClass).map { receiver to it } } +
            listOf(BlockingEngine.Companion, QrCode.Companion).flatMap { receiver -> calls(receiver.javaClass).map { receiver to it } } +
            calls(Class.forName("selfsame.Selfsame_ffiKt")).map { null to it }
        assertEquals(handles, receivers.map { it.javaClass }.toSet() + hosts)
        var refused = 0
        for ((receiver, call) in calls) {
            val types = call.genericParameterTypes
            for ((place, type) in types.withIndex()) {
                for (value in spoiled(type)) {
                    val arguments = types.map(::sample).toTypedArray().also { it[place] = value }
                    val thrown = assertFailsWith<InvocationTargetException>("$call at $place") { call.invoke(receiver, *arguments) }
                    val error = assertIs<SelfsameException.InvalidUnicode>(thrown.targetException, "$call at $place")
                    assertTrue("whole password" !in error.stackTraceToString() && error.cause == null)
                    refused++
                }
            }
        }
        assertTrue(refused > 120, "$refused")
        assertEquals(1L, store.engine.health().accounts)
    }

    private companion object {
        const val LONE = "the whole password\udce9"
        val NOW: Instant = Instant.ofEpochSecond(1_800_000_000)

        /** All classes of the package. */
        val classes: List<Class<*>> = Path.of(Engine::class.java.protectionDomain.codeSource.location.toURI()).let { root ->
            root.walk().filter { it.extension == "class" }
                .map { it.relativeTo(root).toString().removeSuffix(".class").replace('/', '.') }
                .map { Class.forName(it, false, Engine::class.java.classLoader) }
                .filterNot { Continuation::class.java.isAssignableFrom(it) }.toList()
        }

        /** The classes of the engine's objects. */
        val handles: Set<Class<*>> = classes.filter { it.declaredFields.any { field -> field.name == "callCounter" } }.toSet()

        /** The objects of the host, as the engine would give them out. It gives out none. */
        val hosts = handles.filter { it.simpleName.endsWith("Impl") }.toSet()

        /** Exceptions and enums can always be written, and hold no object and no secret. */
        fun isData(kind: Class<*>): Boolean =
            (kind.isEnum || Throwable::class.java.isAssignableFrom(kind)) && !holds(kind) &&
                kind.declaredFields.none { HiddenText::class.java.isAssignableFrom(it.type) || it.type == HostKey::class.java }

        fun holds(kind: Class<*>): Boolean = kind in handles ||
            kind.declaredFields.any { !Modifier.isStatic(it.modifiers) && (it.type in handles || it.type != kind && it.type in wrappers) }

        /** The classes whose functions suspend. */
        val wrappers = setOf(Engine::class.java, AccountHandle::class.java, SupportDesk::class.java)

        /** The calls of a class that take arguments of an application. */
        fun calls(kind: Class<*>): List<Method> = kind.declaredMethods.filter {
            Modifier.isPublic(it.modifiers) && !it.isSynthetic && '$' !in it.name && !it.name.startsWith("uniffi") &&
                it.name != "findLibraryName" && Continuation::class.java !in it.parameterTypes
        }

        fun sample(type: Type): Any = when (type) {
            is ParameterizedType -> listOf(sample(type.actualTypeArguments.single().bare()))
            is Class<*> -> sampleOf(type)
            else -> error(type)
        }

        fun sampleOf(kind: Class<*>): Any = when {
            kind == String::class.java -> "x"
            kind == Boolean::class.javaPrimitiveType || kind == Boolean::class.javaObjectType -> true
            kind == Int::class.javaPrimitiveType || kind == Int::class.javaObjectType -> 1
            kind == Long::class.javaPrimitiveType || kind == Long::class.javaObjectType -> 1L
            kind == Instant::class.java -> NOW
            kind == Duration::class.java -> Duration.ofHours(1)
            kind == Path::class.java -> Path.of("there-is-none", "store")
            kind == HostKey::class.java -> HostKey(ByteArray(32))
            kind == Keystore::class.java -> Chest
            kind == Anchor::class.java -> Vault
            HiddenText::class.java.isAssignableFrom(kind) -> secret(kind, "x")
            kind.isEnum -> kind.enumConstants.first()
            kind.isSealed -> sampleOf(kind.permittedSubclasses.first())
            else -> made(kind) { sample(it) }
        }

        /** The values of a type that have the text in one place, for all places. */
        fun spoiled(type: Type): List<Any> = when {
            type is ParameterizedType -> type.actualTypeArguments.single().bare().let { of -> spoiled(of).map { listOf(sample(of), it) } }
            type !is Class<*> -> error(type)
            type == String::class.java -> listOf(LONE)
            type == HostKey::class.java || type.isPrimitive || type.isEnum || !type.name.startsWith("selfsame.") -> listOf()
            type.isSealed && !HiddenText::class.java.isAssignableFrom(type) -> type.permittedSubclasses.flatMap(::spoiled)
            HiddenText::class.java.isAssignableFrom(type) -> listOf(secret(type, LONE))
            type.isInterface || type.declaredConstructors.none(::isWhole) -> listOf()
            else -> constructor(type).genericParameterTypes.let { types ->
                types.indices.flatMap { place ->
                    spoiled(types[place]).map { value ->
                        var at = 0
                        made(type) { of -> if (at++ == place) value else sample(of) }
                    }
                }
            }
        }

        fun secret(kind: Class<*>, text: String): Any = kind.getConstructor(String::class.java).newInstance(text)

        fun made(kind: Class<*>, value: (Type) -> Any): Any =
            kind.declaredFields.find { it.name == "INSTANCE" }?.get(null) ?: constructor(kind).run { newInstance(*genericParameterTypes.map(value).toTypedArray()) }

        fun constructor(kind: Class<*>) = kind.declaredConstructors.filter(::isWhole).maxBy { it.parameterCount }

        fun isWhole(constructor: java.lang.reflect.Constructor<*>) =
            Modifier.isPublic(constructor.modifiers) && !constructor.isSynthetic

        /** The type itself, if it is written as one that a subtype may replace. */
        fun Type.bare(): Type = if (this is java.lang.reflect.WildcardType) upperBounds.single() else this
    }
}

/** A keystore that is never asked. */
private object Chest : Keystore {
    override fun load(): HostKey = throw KeystoreProblem.Locked()
}

/** An anchor that is never asked. */
private object Vault : Anchor {
    override fun load(): ByteArray? = null

    override fun store(value: ByteArray) = Unit
}
