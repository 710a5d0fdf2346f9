// SPDX-License-Identifier: Apache-2.0

// harness runs a Jenkinsfile with the shared library, as Jenkins would as far as
// the library can tell: steps are real processes and real files, secrets are
// there while they are bound, a result only gets worse.
//
//   groovy harness.groovy JENKINSFILE SETTINGS.json
//
// It prints the console and ends with 0 for SUCCESS, 1 for FAILURE, 2 for
// UNSTABLE, 8 for NOT_BUILT. SETTINGS: library (folder with vars), work (folder),
// remote, commit, number, variables, credentials: {id: {file} or {user, password}}.
// What became of it stands in WORK/result.json; what was archived, in
// WORK/archive.
//
// Not like Jenkins: nothing is transformed to continuation-passing style, so that
// a closure in the wrong place is found by the test and not here; sleep does not
// sleep, but runs the command WORK/while-asleep if there is one.
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilerConfiguration

class Build {
    static final List ORDER = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']
    String said
    long began = System.currentTimeMillis()
    String description

    String getResult() { said }

    void setResult(String result) {
        assert result in ORDER
        if (said == null || ORDER.indexOf(result) > ORDER.indexOf(said)) {
            said = result
        }
    }

    String getCurrentResult() { said ?: 'SUCCESS' }

    long getDuration() { System.currentTimeMillis() - began }
}

class Abort extends RuntimeException {
    Abort(String message) { super(message) }
}

class Secret {
    String id
    Map variables
}

/** Steps are what a pipeline can do. */
class Steps {
    Map settings
    File work
    Build currentBuild = new Build()
    Map scm = [:]
    Map library = [:]
    List<Map> environment = [[:]]
    List<File> workspaces = []
    List stages = []
    List sleeps = []
    List secrets = []
    List bindings = []
    int nodes = 0

    Map getVariables() {
        def all = [:]
        environment.each { all.putAll(it) }
        return all
    }

    Object getEnv() {
        def all = variables
        return new Expando() {
            Object getProperty(String name) { all[name] }
        }
    }

    File getWorkspace() {
        if (!workspaces) {
            throw new Abort('a step that needs a workspace is outside of node')
        }
        return workspaces.last()
    }

    void say(String text) {
        secrets.each { text = text.replace(it, '****') }
        println text
    }

    Object within(Map variables, Closure body) {
        environment.add(variables)
        try {
            return body.call()
        } finally {
            environment.remove(environment.size() - 1)
        }
    }

    /** Each node has a workspace of its own, empty as on a fresh agent. */
    Object node(String label = '', Closure body) {
        def dir = new File(work, 'workspace/' + (++nodes))
        dir.mkdirs()
        workspaces.add(dir)
        try {
            return within([WORKSPACE: dir.path, NODE_LABELS: label], body)
        } finally {
            workspaces.remove(workspaces.size() - 1)
        }
    }

    Object stage(String name, Closure body) {
        say('[Pipeline] stage ' + name)
        def entry = [name: name, status: 'FAILURE']
        stages.add(entry)
        def result = body.call()
        entry.status = 'SUCCESS'
        return result
    }

    Object withEnv(List list, Closure body) {
        return within(list.collectEntries { [(it.substring(0, it.indexOf('='))): it.substring(it.indexOf('=') + 1)] }, body)
    }

    Object file(Map o) { new Secret(id: o.credentialsId, variables: [file: o.variable]) }

    Object usernamePassword(Map o) {
        new Secret(id: o.credentialsId, variables: [user: o.usernameVariable, password: o.passwordVariable])
    }

    /** A secret file has mode 0400 beside the workspace, while the body runs. */
    Object withCredentials(List list, Closure body) {
        def bound = [:]
        def files = []
        list.each { Secret s ->
            bindings.add((variables.NODE_LABELS ?: 'anywhere') + ' ' + s.id)
            def held = settings.credentials[s.id]
            if (held == null) {
                throw new Abort("Could not find credentials entry with ID '${s.id}'")
            }
            s.variables.each { kind, variable ->
                if (kind == 'file') {
                    def copy = new File(workspace.path + '@tmp/secretFiles/' + UUID.randomUUID(), new File(held.file).name)
                    copy.parentFile.mkdirs()
                    copy.bytes = new File(held.file).bytes
                    assert ['chmod', '400', copy.path].execute().waitFor() == 0
                    files.add(copy)
                    bound[variable] = copy.path
                    secrets.add(copy.text.trim())
                } else {
                    bound[variable] = held[kind]
                    if (kind == 'password') {
                        secrets.add(held[kind])
                    }
                }
            }
        }
        try {
            return within(bound, body)
        } finally {
            files.each { it.delete() }
        }
    }

    Object sh(String script) { sh(script: script) }

    /** With #! at its beginning a script is run by what that names, else with -xe. */
    Object sh(Map o) {
        def dir = new File(workspace.path + '@tmp')
        dir.mkdirs()
        def text = new File(dir, 'script.sh')
        text.setText(o.script.toString(), 'UTF-8')
        assert ['chmod', '700', text.path].execute().waitFor() == 0
        def command = o.script.startsWith('#!') ? [text.path] : ['sh', '-xe', text.path]
        def builder = new ProcessBuilder(command).directory(workspace)
        builder.environment().clear()
        builder.environment().putAll(variables.collectEntries { k, v -> [(k): v.toString()] })
        builder.redirectInput(new File('/dev/null'))
        def out = new StringBuffer()
        def err = new StringBuffer()
        def process = builder.start()
        process.waitForProcessOutput(out, err)
        new File(work, 'raw.log') << out << err
        if (o.label) {
            say('[Pipeline] sh (' + o.label + ')')
        }
        say(err.toString() + (o.returnStdout ? '' : out.toString()))
        def code = process.exitValue()
        if (o.returnStatus) {
            return code
        }
        if (code != 0) {
            throw new Abort('script returned exit code ' + code)
        }
        return o.returnStdout ? out.toString() : null
    }

    boolean isUnix() { true }

    boolean fileExists(String name) { new File(workspace, name).exists() }

    String readFile(Map o) { new File(workspace, o.file).getText(o.encoding ?: 'UTF-8') }

    void writeFile(Map o) {
        def to = new File(workspace, o.file)
        to.parentFile.mkdirs()
        to.setText(o.text, o.encoding ?: 'UTF-8')
    }

    List matching(String patterns, boolean mayBeNone) {
        def found = new FileNameFinder().getFileNames(workspace.path, patterns.replace(',', ' '))
        if (!found && !mayBeNone) {
            throw new Abort("No artifacts found that match the file pattern \"${patterns}\"")
        }
        return found
    }

    void copy(List files, File from, File to) {
        files.each {
            def target = new File(to, from.toPath().relativize(new File(it).toPath()).toString())
            target.parentFile.mkdirs()
            target.bytes = new File(it).bytes
        }
    }

    void archiveArtifacts(Map o) {
        copy(matching(o.artifacts, o.allowEmptyArchive ?: false), workspace, new File(work, 'archive'))
    }

    void stash(Map o) { copy(matching(o.includes, false), workspace, new File(work, 'stash/' + o.name)) }

    void unstash(String name) {
        def from = new File(work, 'stash/' + name)
        copy(new FileNameFinder().getFileNames(from.path, '**'), from, workspace)
    }

    Map checkout(Object scm) {
        sh(script: 'git init -q . && git remote add origin ' + settings.remote + ' && git fetch -q origin && git checkout -q ' + settings.commit)
        return [GIT_URL: settings.remote, GIT_COMMIT: settings.commit, GIT_BRANCH: 'origin/main']
    }

    void error(String message) { throw new Abort(message) }

    void echo(Object message) { say(message.toString()) }

    void unstable(String message) {
        say('WARNING: ' + message)
        currentBuild.result = 'UNSTABLE'
    }

    void sleep(Map o) {
        if (workspaces) {
            throw new Abort('sleeping in node keeps an agent')
        }
        sleeps.add(o.time + ' ' + o.unit)
        def meanwhile = new File(work, 'while-asleep')
        if (meanwhile.exists()) {
            def p = ['sh', meanwhile.path, sleeps.size().toString()].execute()
            p.waitForProcessOutput(System.out, System.out)
            assert p.exitValue() == 0
        }
    }
}

/** Piece is the base class of the Jenkinsfile and of each file in vars. */
abstract class Piece extends Script {
    static Steps steps

    Object invokeMethod(String name, Object args) {
        if (metaClass.respondsTo(this, name, args as Object[])) {
            return metaClass.invokeMethod(this, name, args as Object[])
        }
        if (steps.library[name]) {
            return steps.library[name].call(*(args as Object[]))
        }
        return steps.invokeMethod(name, args)
    }

    Object getProperty(String name) {
        switch (name) {
        case ['env', 'currentBuild', 'scm']: return steps.getProperty(name)
        case 'metaClass': return super.getProperty(name)
        default: throw new MissingPropertyException(name, getClass())
        }
    }
}

def settings = new JsonSlurper().parse(new File(args[1]))
def steps = new Steps(settings: settings, work: new File(settings.work))
steps.environment.add(settings.variables)
Piece.steps = steps
def loader = new GroovyClassLoader(getClass().classLoader)
loader.parseClass('package com.cloudbees.groovy.cps; @interface NonCPS {}')
loader.parseClass('@interface Library { String value() }')
def configuration = new CompilerConfiguration(scriptBaseClass: Piece.name)
def shell = new GroovyShell(loader, new Binding(), configuration)
new File(settings.library, 'vars').eachFileMatch(~/.*\.groovy/) {
    steps.library[it.name - '.groovy'] = shell.parse(it)
}
String failure = null
try {
    shell.parse(new File(args[0])).run()
} catch (Throwable e) {
    failure = e.message
    steps.currentBuild.result = 'FAILURE'
    steps.say('ERROR: ' + e.message)
    if (!(e instanceof Abort)) {
        e.printStackTrace(System.out)
    }
}
def result = steps.currentBuild.currentResult
steps.say('Finished: ' + result)
new File(steps.work, 'result.json').text = JsonOutput.toJson(
    [result: result, error: failure, stages: steps.stages, sleeps: steps.sleeps, bindings: steps.bindings.unique(), description: steps.currentBuild.description])
System.exit([SUCCESS: 0, UNSTABLE: 2, NOT_BUILT: 8].getOrDefault(result, 1))
