// PocketBase over loopback, as a speaker for tests/benches/speakers.rs.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/pocketbase/dbx"
	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"golang.org/x/crypto/bcrypt"
)

const (
	password = "correct horse battery staple"
	accounts = 200
	address  = "127.0.0.1:28090"
	users    = "http://" + address + "/api/collections/users"
	// PocketBase's own pragmas, except synchronous: its default is NORMAL.
	pragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=journal_size_limit(200000000)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-32000)"
)

var client = &http.Client{}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// serve runs the service with bcrypt's least cost, because that is the closest to no hash.
func serve(folder string) {
	app := pocketbase.NewWithConfig(pocketbase.Config{
		DefaultDataDir:  folder,
		HideStartBanner: true,
		DBConnect:       func(path string) (*dbx.DB, error) { return dbx.Open("sqlite", path+pragmas) },
	})
	must(app.Bootstrap())
	must(app.RunAllMigrations())
	collection, err := app.FindCollectionByNameOrId("users")
	must(err)
	collection.Fields.GetByName(core.FieldNamePassword).(*core.PasswordField).Cost = bcrypt.MinCost
	must(app.Save(collection))
	// Without a superuser the service prints how to make one.
	superusers, err := app.FindCollectionByNameOrId(core.CollectionNameSuperusers)
	must(err)
	superuser := core.NewRecord(superusers)
	superuser.SetEmail("root@example.org")
	superuser.SetPassword(password)
	must(app.Save(superuser))
	go func() {
		must(apis.Serve(app, apis.ServeConfig{HttpAddr: address, ShowStartBanner: false}))
	}()
	for {
		if answer, err := client.Get("http://" + address + "/api/health"); err == nil {
			answer.Body.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func ask(method, url, token string, body any) map[string]any {
	text, err := json.Marshal(body)
	must(err)
	request, err := http.NewRequest(method, url, bytes.NewReader(text))
	must(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", token)
	answer, err := client.Do(request)
	must(err)
	defer answer.Body.Close()
	told, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s %s", url, answer.Status, told)
	}
	found := map[string]any{}
	must(json.Unmarshal(told, &found))
	return found
}

func email(number int) string {
	return fmt.Sprintf("user%d@example.org", number)
}

func signIn(email string) map[string]any {
	return ask("POST", users+"/auth-with-password", "", map[string]string{"identity": email, "password": password})
}

// Signing up takes two requests: one makes the account, one signs in.
func signUp(email string) {
	ask("POST", users+"/records", "", map[string]string{
		"email": email, "password": password, "passwordConfirm": password,
	})
	signIn(email)
}

type session struct{ token, id string }

func main() {
	log.SetOutput(os.Stderr)
	folder, err := os.MkdirTemp("", "peer-pocketbase-")
	must(err)
	defer os.RemoveAll(folder)
	serve(folder)
	for number := range accounts {
		signUp(email(number))
	}
	var sessions []session
	for number := range 50 {
		told := signIn(email(number))
		sessions = append(sessions, session{told["token"].(string), told["record"].(map[string]any)["id"].(string)})
	}
	stored, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	must(err)
	fresh := accounts
	parts := map[string]func(){
		"sign_in_bare": func() { signIn(email(rand.Intn(accounts))) },
		"sign_up_bare": func() { fresh++; signUp(email(fresh)) },
		"session": func() {
			of := sessions[rand.Intn(len(sessions))]
			ask("GET", users+"/records/"+of.id, of.token, nil)
		},
		"hash":  func() { must(bcrypt.CompareHashAndPassword(stored, []byte(password))) },
		"floor": func() { ask("GET", "http://"+address+"/api/health", "", nil) },
	}
	out := bufio.NewWriter(os.Stdout)
	for part := range parts {
		fmt.Fprintln(out, "part", part)
	}
	version := "?"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/pocketbase/pocketbase" {
				version = module.Version
			}
		}
	}
	fmt.Fprintln(out, "note over HTTP on loopback (floor is a request that does nothing); bcrypt with cost 4 stands for no hash; a sign-in writes no session but where it came from; a sign-up is two requests")
	fmt.Fprintln(out, "ready PocketBase", version+", SQLite with WAL and synchronous=FULL")
	must(out.Flush())
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		part, count, _ := strings.Cut(lines.Text(), " ")
		times, err := strconv.Atoi(count)
		must(err)
		once, known := parts[part]
		if !known {
			log.Fatalf("no part %q", part)
		}
		for range times {
			began := time.Now()
			once()
			fmt.Fprint(out, time.Since(began).Nanoseconds(), " ")
		}
		fmt.Fprintln(out)
		must(out.Flush())
	}
}
