using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Larder.Testing;

namespace Larder.Infrastructure.Tests.Containers;

/// <summary>
/// The self-host as <c>dotnet publish host</c> leaves it, run as the Dockerfile says, but by bubblewrap: as an ordinary user, on a root that has nothing but the runtime and is read-only, with
/// a folder for data and an empty /tmp. Published again only if something that it is made of has changed.
/// </summary>
internal sealed class PublishedHost : IAsyncDisposable
{
    private const string User = "1654";
    private const string Runtime = "/dotnet";

    private static readonly Lazy<Task<string>> Publishing = new(PublishAsync);

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("larder-data-");
    private readonly string _app;
    private readonly Dictionary<string, string> _environment;
    private Process? _server;

    private PublishedHost(string app, IEnumerable<KeyValuePair<string, string>> settings)
    {
        _app = app;
        Port = FreePort();
        _environment = new(Dockerfile.OfRepository.Environment) { ["ASPNETCORE_URLS"] = $"http://+:{Port}" };
        foreach (var (name, value) in settings)
            _environment[name] = value;
    }

    /// <summary>Why it cannot be run here; null where it can.</summary>
    public static string? Missing { get; } =
        !OperatingSystem.IsLinux() ? "bubblewrap is for Linux."
        : !TryRun("bwrap", "--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "true") ? "bubblewrap is not installed, or user namespaces cannot be made here."
        : null;

    public int Port { get; }

    /// <summary>What the server has printed so far.</summary>
    public StringBuilder Log { get; } = new();

    public static async Task<PublishedHost> MakeAsync(IEnumerable<KeyValuePair<string, string>> settings) => new(await Publishing.Value, settings);

    /// <summary>Starts the image's program.</summary>
    public void Start()
    {
        _server = Process.Start(Command(Dockerfile.OfRepository.Single("ENTRYPOINT").Words))!;
        _server.OutputDataReceived += (_, line) => Take(line.Data);
        _server.ErrorDataReceived += (_, line) => Take(line.Data);
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
    }

    /// <summary>Runs the image's health check to its end.</summary>
    public Task<(int ExitCode, string Output)> CheckHealthAsync() => RunAsync(Dockerfile.OfRepository.Single("HEALTHCHECK").Words);

    /// <summary>Runs another program to its end, where the server would run.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(params string[] command)
    {
        using var process = Process.Start(Command(command))!;
        var texts = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, texts[0] + texts[1]);
    }

    /// <summary>SIGTERM to the server itself, as a container's runtime sends it; gives the exit code.</summary>
    public async Task<int> StopAsync()
    {
        // bubblewrap has one child, which is the first process of the namespace, and that has the server.
        var server = Children(Children(_server!.Id).Single()).Single();
        Assert.Equal(0, kill(server, 15));
        await _server.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
        return _server.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            // --die-with-parent: the server ends with it.
            _server.Kill();
            await _server.WaitForExitAsync();
        }
        _server?.Dispose();
        _data.Delete(recursive: true);
    }

    private ProcessStartInfo Command(string[] command)
    {
        List<string> arguments =
        [
            "--unshare-user", "--unshare-pid", "--unshare-ipc", "--uid", User, "--gid", User, "--die-with-parent", "--new-session", "--clearenv",
            "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--ro-bind", "/etc", "/etc",
            "--ro-bind", RuntimeFolder(), Runtime, "--ro-bind", _app, "/app", "--bind", _data.FullName, _environment["LocalFolder"],
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/app",
            "--setenv", "PATH", $"{Runtime}:/usr/bin", "--setenv", "DOTNET_ROOT", Runtime,
        ];
        foreach (var (name, value) in _environment)
            arguments.AddRange(["--setenv", name, value]);
        return new ProcessStartInfo("bwrap", [.. arguments, .. command]) { RedirectStandardOutput = true, RedirectStandardError = true };
    }

    private void Take(string? line)
    {
        lock (Log)
            Log.AppendLine(line);
    }

    private static async Task<string> PublishAsync()
    {
        await MSBuild.RunAsync(Repository.Path("tests/Larder.Infrastructure.Tests/Larder.Infrastructure.Tests.csproj"), "-t:PublishHost", "-v:quiet");
        return typeof(PublishedHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "PublishedHost").Value!;
    }

    // .NET's own folder, three levels above the framework that runs this test.
    private static string RuntimeFolder() => Path.GetFullPath("../../..", RuntimeEnvironment.GetRuntimeDirectory());

    private static List<int> Children(int process) =>
        [.. File.ReadAllText($"/proc/{process}/task/{process}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, System.Globalization.CultureInfo.InvariantCulture))];

    private static bool TryRun(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}

/// <summary>A test that needs bubblewrap; skipped, with the reason, where there is none.</summary>
internal sealed class PublishedHostFactAttribute : FactAttribute
{
    public PublishedHostFactAttribute() => Skip = PublishedHost.Missing;
}
