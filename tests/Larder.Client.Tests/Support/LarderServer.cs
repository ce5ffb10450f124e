using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Larder.Testing;

namespace Larder.Client.Tests.Support;

/// <summary>A real self-host on a real Azurite, in a process of its own, which asks for a token. All tests share it: each has models of its own.</summary>
public sealed class LarderServer : IAsyncLifetime
{
    /// <summary>A token with the role admin.</summary>
    public const string Token = "tests-of-the-client";

    /// <summary>Small, so that a small file has several blocks.</summary>
    public const int BlockBytes = 64 * 1024;

    private const string Ready = "Host started: ";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-client-tests-");
    private readonly StringBuilder _log = new();
    private Azurite? _azurite;
    private Process? _process;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>Talks to it, without repetitions.</summary>
    public LarderClient Client { get; private set; } = null!;

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Larder.Host.dll"), "--port", "0"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["AzureWebJobsStorage"] = _azurite.ConnectionString;
        start.Environment["LocalFolder"] = _folder.FullName;
        start.Environment["Access__AdminTokenSha256"] = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Token)));
        start.Environment["Uploads__BlockBytes"] = $"{BlockBytes}";
        _process = Process.Start(start)!;
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take(string? line)
        {
            lock (_log)
                _log.AppendLine(line);
            if (line?.StartsWith(Ready, StringComparison.Ordinal) == true)
                address.TrySetResult(new Uri(line[Ready.Length..].Trim()));
        }
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var ended = _process.WaitForExitAsync();
        if (await Task.WhenAny(address.Task, ended).WaitAsync(TimeSpan.FromMinutes(2)) == ended)
            throw new InvalidOperationException($"The self-host ended with {_process.ExitCode} before it listened:\n{_log}");
        Address = await address.Task;
        Client = new LarderClient(Address, new LarderClientOptions { Token = Token, Retries = 0 });
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        Client?.Dispose();
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process?.Dispose();
        if (_azurite is not null)
            await _azurite.DisposeAsync();
        try
        {
            _folder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // What a killed host had started may still write there.
        }
    }
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(Name)]
public sealed class ServerTests : ICollectionFixture<LarderServer>
{
    public const string Name = "server";
}
