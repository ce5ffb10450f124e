using System.Diagnostics;

namespace Larder.Infrastructure.Tests.Deploying;

/// <summary>
/// A script of infra-bicep/scripts, run by sh, with stand-ins for the programs that need Azure. What they were called with is in <see cref="Calls"/>.
/// </summary>
internal sealed class Script : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-script-");

    private readonly Dictionary<string, string> _settings = [];

    public int ExitCode { get; private set; }

    public string Output { get; private set; } = "";

    /// <summary>The calls so far, each a line: the program and its arguments.</summary>
    public IReadOnlyList<string> Calls => File.Exists(Log) ? File.ReadAllLines(Log) : [];

    private string Log => Path.Combine(_folder.FullName, "calls");

    /// <summary>Puts a program before the real one of that name.</summary>
    /// <param name="name">As the script calls it.</param>
    /// <param name="body">Shell; <c>$*</c> are its arguments, <c>$calls</c> the file of all calls so far, this one included.</param>
    public Script With(string name, string body = "")
    {
        var program = Path.Combine(_folder.FullName, name);
        File.WriteAllText(program, $"#!/bin/sh\ncalls='{Log}'\nprintf '%s\\n' \"{name} $*\" >> \"$calls\"\n{body}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return this;
    }

    /// <summary>Sets an environment variable of the script.</summary>
    public Script Setting(string name, string value)
    {
        _settings[name] = value;
        return this;
    }

    /// <summary>What a program that a test put there has written to the file <c>$calls.NAME</c>.</summary>
    public string Left(string name) => File.ReadAllText($"{Log}.{name}");

    public async Task<Script> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("/bin/sh", [Repository.Path($"infra-bicep/scripts/{script}"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PATH"] = $"{_folder.FullName}:/usr/bin:/bin", ["SUBSCRIBE_TRIES"] = "3", ["SUBSCRIBE_PAUSE"] = "0", ["UPLOAD_TRIES"] = "3", ["UPLOAD_PAUSE"] = "0" },
        };
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        (ExitCode, Output) = (process.ExitCode, string.Concat(texts));
        return this;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
