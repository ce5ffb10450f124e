using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Larder.Inference.Validation.Sandbox;

/// <summary>The child process (sandbox) that loads untrusted models. It answers one request at a time.</summary>
internal sealed class SandboxProcess : IDisposable
{
    private const string Assembly = "larder-sandbox.dll";
    private const int MostErrors = 4_096;

    // The variables that a .NET process needs; connection strings, keys and identities are not passed.
    private static readonly string[] PassedVariables =
        ["PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64", "LD_LIBRARY_PATH", "HOME", "TMPDIR", "LANG", "LOCPATH", "SystemRoot", "TEMP", "TMP"];

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private SandboxProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => Remember(line.Data);
        process.BeginErrorReadLine();
    }

    /// <summary>Process id of the child.</summary>
    public int Id => _process.Id;

    /// <summary>True when the process has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Resident bytes of the process; 0 when it has ended.</summary>
    public long MemoryBytes
    {
        get
        {
            try
            {
                _process.Refresh();
                return _process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }
    }

    /// <summary>Starts the child, and waits until it has loaded ONNX Runtime.</summary>
    /// <param name="memoryBytes">Memory limit that the child sets for itself; 0 for none.</param>
    /// <param name="cancellationToken">Kills the child.</param>
    public static async Task<SandboxProcess> StartAsync(long memoryBytes, CancellationToken cancellationToken)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, Assembly);
        if (!File.Exists(assembly))
            throw new InvalidOperationException($"{Assembly} is not beside the host: its project must reference sandbox/Larder.Sandbox.csproj.");
        var child = new SandboxProcess(Process.Start(StartInfo(assembly, memoryBytes))!);
        try
        {
            await using var _ = cancellationToken.UnsafeRegister(child => ((SandboxProcess)child!).Kill(), child);
            if (await child._process.StandardOutput.ReadLineAsync(CancellationToken.None) is not null)
                return child;
            cancellationToken.ThrowIfCancellationRequested();
            var exit = await child.EndAsync();
            throw new InvalidOperationException($"The sandbox process did not start ({exit}). {exit.Errors}");
        }
        catch
        {
            child.Dispose();
            throw;
        }
    }

    /// <summary>Sends a line and awaits the line that answers it; null when the process ends instead.</summary>
    public async Task<string?> AskAsync(string line)
    {
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
            return await _process.StandardOutput.ReadLineAsync();
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Kills the process.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It had ended already.
        }
    }

    /// <summary>Awaits the end of the process.</summary>
    public async Task<SandboxExit> EndAsync()
    {
        await _process.WaitForExitAsync();
        lock (_errors)
            return new SandboxExit(_process.ExitCode, _errors.ToString());
    }

    /// <summary>Ends the process, if it has not ended.</summary>
    public void Dispose()
    {
        Kill();
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string assembly, long memoryBytes)
    {
        var start = new ProcessStartInfo(DotNet(), [assembly, memoryBytes.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = new UTF8Encoding(false),
            WorkingDirectory = AppContext.BaseDirectory,
            CreateNoWindow = true,
        };
        var inherited = PassedVariables.Select(name => (name, Value: Environment.GetEnvironmentVariable(name))).Where(variable => variable.Value is not null).ToList();
        start.Environment.Clear();
        foreach (var (name, value) in inherited)
            start.Environment[name] = value;

        // Otherwise every killed child leaves the socket of the debugger in the folder for temporary files.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }

    // The dotnet that runs this process, also if an app host started it; otherwise the one on the path.
    private static string DotNet()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        if (Path.GetFileName(Environment.ProcessPath) == name)
            return Environment.ProcessPath!;
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(beside) ? beside : name;
    }

    private void Remember(string? line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
            if (_errors.Length > MostErrors)
                _errors.Remove(0, _errors.Length - MostErrors);
        }
    }
}

/// <summary>How the child process ended.</summary>
/// <param name="Code">Exit code; on Unix, 128 and the signal's number when a signal ended it.</param>
/// <param name="Errors">The end of what it wrote to standard error.</param>
internal sealed record SandboxExit(int Code, string Errors)
{
    private const int FirstSignal = 128;
    private const int Kill = 9;

    /// <summary>True when another process or the kernel (for lack of memory) killed it: no model can send this signal.</summary>
    public bool WasKilled => !OperatingSystem.IsWindows() && Code == FirstSignal + Kill;

    /// <summary>Whether its error output says that it ran out of memory.</summary>
    public bool IsOutOfMemory =>
        Errors.Contains("bad_alloc", StringComparison.Ordinal) || Errors.Contains("out of memory", StringComparison.OrdinalIgnoreCase);

    /// <summary>The exit code or signal, for messages.</summary>
    public override string ToString() =>
        !OperatingSystem.IsWindows() && Code > FirstSignal ? $"signal {Code - FirstSignal}" : $"exit code {Code}";
}
