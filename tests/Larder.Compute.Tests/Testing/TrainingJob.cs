using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Larder.Orchestrations.Compute;
using Larder.Orchestrations.Compute.Processes;
using Larder.Testing;

namespace Larder.Compute.Tests.Testing;

/// <summary>A job as the protocol of orchestrations/Compute/README.md has it, in a container of its own, run by a process backend.</summary>
internal sealed class TrainingJob : IAsyncDisposable
{
    private const string Prefix = "attempt-1/";

    private readonly BlobContainerClient _container;
    private readonly BlobContainerClient _inputs;

    public TrainingJob(Azurite azurite, ProcessComputeOptions? options = null)
    {
        Backend = new Backend(options);
        var service = new BlobServiceClient(azurite.NewAccount());
        _container = service.GetBlobContainerClient("job-1");
        _inputs = service.GetBlobContainerClient("artifacts");
    }

    public Backend Backend { get; }

    public string Script { get; init; } = "";

    public string Model { get; init; } = "iris";

    public byte[] Dataset { get; init; } = "a,b\n1,2\n"u8.ToArray();

    public string DatasetName { get; init; } = "data.bin";

    public string? Requirements { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public Dictionary<string, string> Environment { get; init; } = [];

    public string[] Secrets { get; init; } = [];

    public Dictionary<string, object> Limits { get; } = new()
    {
        ["log_bytes"] = 67108864L,
        ["log_line_bytes"] = 16384,
        ["output_bytes"] = 10737418240L,
        ["output_files"] = 10000,
        ["grace_seconds"] = 1,
    };

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    public ComputeResources Resources { get; init; } = new();

    /// <summary>The port of a proxy before storage.</summary>
    public int? Port { get; init; }

    /// <summary>A wrong hash for the script, as when it was changed on the way.</summary>
    public string? ScriptHash { get; init; }

    public Uri Storage => _container.Uri;

    public async Task StartAsync()
    {
        var urls = await UploadAsync();
        var (source, manifest) = (Url("bootstrap.py", BlobSasPermissions.Read), Url("job.json", BlobSasPermissions.Read));
        Assert.True(await Backend.Compute.StartAsync(
            new ComputeTask
            {
                Id = Backend.Id,
                Resources = Resources,
                Command = Bootstrap.Command,
                SecureEnvironment = new Dictionary<string, string>
                {
                    [Bootstrap.SourceVariable] = source,
                    [Bootstrap.ManifestVariable] = manifest,
                },
                Urls = [source, manifest, .. urls],
                Timeout = Timeout,
            },
            default));
    }

    /// <summary>Runs bootstrap.py as a container does: by nothing but its command and two variables. Gives its exit code and standard error.</summary>
    public async Task<(int ExitCode, string Errors)> RunWithoutBackendAsync(string manifest = "job.json")
    {
        await UploadAsync();
        var temporary = Directory.CreateTempSubdirectory("container-");
        var start = new ProcessStartInfo(Bootstrap.Command[0], Bootstrap.Command.Skip(1)) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment[Bootstrap.SourceVariable] = Url("bootstrap.py", BlobSasPermissions.Read);
        start.Environment[Bootstrap.ManifestVariable] = Url(manifest, BlobSasPermissions.Read);
        start.Environment["LARDER_TASK"] = Backend.TaskFolder;
        start.Environment["TMPDIR"] = temporary.FullName;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        temporary.Delete(recursive: true);
        return (process.ExitCode, errors);
    }

    /// <summary>Starts it, waits for its end, and reads what it left.</summary>
    public async Task<Ended> RunAsync()
    {
        await StartAsync();
        return await EndAsync();
    }

    public async Task<Ended> EndAsync()
    {
        var status = await Backend.WaitAsync();
        return await ReadEndAsync() with { Status = status, Output = await Backend.Compute.ReadOutputAsync(Backend.Id, default) };
    }

    /// <summary>What is in storage of it.</summary>
    public async Task<Ended> ReadEndAsync()
    {
        var exit = await ReadAsync("exit.json") is { } stored ? JsonDocument.Parse(stored).RootElement : (JsonElement?)null;
        return new Ended(new ComputeStatus(ComputeState.Missing), "", exit, await LinesAsync());
    }

    /// <summary>The log so far.</summary>
    public async Task<IReadOnlyList<Line>> LinesAsync()
    {
        if (await ReadAsync("log.jsonl") is not { } stored)
            return [];
        return [.. Encoding.UTF8.GetString(stored).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonSerializer.Deserialize<Line>(line, JsonSerializerOptions.Web)!)];
    }

    /// <summary>Waits until the log has a line.</summary>
    public Task LineAsync(string text) => Eventually.TrueAsync(async () => (await LinesAsync()).Any(line => line.M == text));

    public async Task<byte[]?> ReadAsync(string path)
    {
        var blob = _container.GetBlobClient(Prefix + path);
        return await blob.ExistsAsync() ? (await blob.DownloadContentAsync()).Value.Content.ToArray() : null;
    }

    public async Task<IReadOnlyList<string>> BlobsAsync()
    {
        var names = new List<string>();
        await foreach (var blob in _container.GetBlobsAsync(new GetBlobsOptions { Prefix = Prefix }))
            names.Add(blob.Name[Prefix.Length..]);
        return names;
    }

    public async Task<int> AppendedBlocksAsync() =>
        (await _container.GetAppendBlobClient(Prefix + "log.jsonl").GetPropertiesAsync()).Value.BlobCommittedBlockCount;

    public async Task WriteAsync(string path, string content) => await WriteAsync(_container.GetBlobClient(Prefix + path), Encoding.UTF8.GetBytes(content));

    public ValueTask DisposeAsync() => Backend.DisposeAsync();

    private static DateTimeOffset Expiry => DateTimeOffset.UtcNow.AddHours(1);

    private static Task WriteAsync(BlobClient blob, byte[] content) => blob.UploadAsync(BinaryData.FromBytes(content), overwrite: true);

    /// <summary>Gives the URLs that the manifest has.</summary>
    private async Task<IReadOnlyList<string>> UploadAsync()
    {
        await _container.CreateIfNotExistsAsync();
        await _inputs.CreateIfNotExistsAsync();
        await WriteAsync(_container.GetBlobClient(Prefix + "bootstrap.py"), Encoding.UTF8.GetBytes(Bootstrap.Source));
        var script = Encoding.UTF8.GetBytes(Script);
        var sources = new Dictionary<string, Input>
        {
            ["script"] = await InputAsync(script, "anything.py", ScriptHash),
            ["dataset"] = await InputAsync(Dataset, DatasetName),
        };
        if (Requirements is not null)
            sources["requirements"] = await InputAsync(Encoding.UTF8.GetBytes(Requirements), "requirements.txt");
        var manifest = new Dictionary<string, object>
        {
            ["job"] = "job1",
            ["attempt"] = 1,
            ["model"] = Model,
            ["inputs"] = sources,
            ["arguments"] = Arguments,
            ["environment"] = Environment,
            ["secrets"] = Secrets,
            ["log_url"] = Url("log.jsonl", BlobSasPermissions.Read | BlobSasPermissions.Create | BlobSasPermissions.Add),
            ["metrics_url"] = Url("metrics.jsonl", BlobSasPermissions.Read | BlobSasPermissions.Create | BlobSasPermissions.Add),
            ["exit_url"] = Url("exit.json", BlobSasPermissions.Read | BlobSasPermissions.Create),
            ["files_url"] = Through(_container.GenerateSasUri(BlobContainerSasPermissions.Create | BlobContainerSasPermissions.Write, Expiry)),
            ["files_prefix"] = Prefix,
            ["limits"] = Limits,
        };
        await WriteAsync(_container.GetBlobClient(Prefix + "job.json"), JsonSerializer.SerializeToUtf8Bytes(manifest));
        return [(string)manifest["log_url"], (string)manifest["metrics_url"], (string)manifest["exit_url"], (string)manifest["files_url"], .. sources.Values.Select(source => source.Url)];
    }

    private async Task<Input> InputAsync(byte[] content, string fileName, string? hash = null)
    {
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
        var blob = _inputs.GetBlobClient(sha256);
        await WriteAsync(blob, content);
        return new Input(Through(blob.GenerateSasUri(BlobSasPermissions.Read, Expiry)), hash ?? sha256, fileName);
    }

    private string Url(string path, BlobSasPermissions permissions) => Through(_container.GetBlobClient(Prefix + path).GenerateSasUri(permissions, Expiry));

    private string Through(Uri url) => Port is { } port ? new UriBuilder(url) { Port = port }.Uri.AbsoluteUri : url.AbsoluteUri;

    private sealed record Input(
        [property: JsonPropertyName("url")] string Url, [property: JsonPropertyName("sha256")] string Sha256, [property: JsonPropertyName("file_name")] string FileName);

    /// <summary>A line of the log.</summary>
    public sealed record Line(int N, DateTimeOffset T, string S, string M);

    /// <summary>What a job left.</summary>
    public sealed record Ended(ComputeStatus Status, string Output, JsonElement? Exit, IReadOnlyList<Line> Lines)
    {
        public string Stage => Exit!.Value.GetProperty("stage").GetString()!;

        public string? Reason => Exit!.Value.TryGetProperty("reason", out var reason) ? reason.GetString() : null;

        public int? ExitCode => Exit!.Value.GetProperty("exit_code") is { ValueKind: JsonValueKind.Number } code ? code.GetInt32() : null;

        public IReadOnlyList<string> Out => [.. Lines.Where(line => line.S == "out").Select(line => line.M)];

        public IReadOnlyList<string> Paths(string kind) => [.. Exit!.Value.GetProperty(kind).EnumerateArray().Select(file => file.GetProperty("path").GetString()!)];
    }
}
