using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Azure.Storage.Blobs;
using Larder.Functions.Tests.Hosting;
using Larder.Functions.Tests.Training;
using Larder.Testing;
using Larder.Testing.Onnx;
using Xunit.Abstractions;

namespace Larder.Functions.Tests.Operations;

/// <summary>
/// A server whose local disk is full: a file system of its own in memory, where this user may mount one; elsewhere its own rule of what an upload must leave
/// free, which then is more than there is. All ways in, and nothing of them is left.
/// </summary>
public sealed class FullDiskTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int DiskBytes = 16 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("larder-disk-").FullName;
    private Azurite? _azurite;
    private bool _isMounted;

    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        var (code, told) = await RunAsync("mount", "-t", "tmpfs", "-o", $"size={DiskBytes}", "larder-test", _folder);
        _isMounted = code == 0;
        if (!_isMounted)
            output.WriteLine($"No file system could be mounted ({told.Trim()}): the server is told to leave more free than there is.");
    }

    public async Task DisposeAsync()
    {
        await ((IAsyncDisposable)_azurite!).DisposeAsync();
        if (_isMounted)
            await RunAsync("umount", "-l", _folder);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_full_disk_is_507_with_a_sentence_and_a_line_in_the_log_on_every_way_in_and_nothing_is_left()
    {
        await using var larder = await StartAsync();
        // Longer than the disk, in forms, as they are, with and without a length; a data set too.
        var large = new byte[DiskBytes + (4 << 20)];
        new Random(4).NextBytes(large);
        var ways = new Dictionary<string, Func<Task<Answer>>>
        {
            ["raw"] = () => PutAsync(larder, "raw", new ByteArrayContent(large), "application/octet-stream"),
            ["chunked"] = () => PutAsync(larder, "chunked", new ChunkedContent(large), "application/octet-stream"),
            ["multipart"] = () => larder.Client.UploadAsync("multipart", large),
            ["multipart, chunked"] = () => PutAsync(larder, "multipart-chunked", Form(new ChunkedContent(large), "path", "model.onnx")),
            ["training"] = () => larder.Client.TrainAsync("trained", "print(1)", large),
        };

        foreach (var (way, send) in ways)
        {
            Refused(way, await send());
            Assert.Empty(Staged());
        }

        // Each alone would fit, and does not beside the others.
        var each = large[..(6 << 20)];
        var parallel = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PutAsync(larder, $"parallel-{i}", new ChunkedContent(each), "application/octet-stream")));
        if (_isMounted)
            Assert.Contains(parallel, answer => answer.Status == HttpStatusCode.InsufficientStorage);
        foreach (var answer in parallel.Where(answer => answer.Status != HttpStatusCode.UnprocessableEntity))
            Refused("parallel", answer);
        Assert.Empty(Staged());
        Assert.Equal("[]", (await larder.Client.GetJsonAsync("/api/v1/models")).Body["model_list"]!.ToJsonString());

        Assert.Contains(_isMounted ? "The server's disk is full" : "The server has room for", larder.Log);
        Assert.Equal(HttpStatusCode.OK, (await larder.Client.GetJsonAsync("/readyz")).Status);

        void Refused(string way, Answer answer)
        {
            Assert.True(answer.Status == HttpStatusCode.InsufficientStorage, $"{way}: {answer.Description}");
            Assert.True(answer.Description.Contains("The server's disk is full at this moment; try again later.") || answer.Description.Contains("The server has room for"), $"{way}: {answer.Description}");
            Assert.NotNull(answer.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task A_drop_waits_for_room_and_is_published_when_there_is_some()
    {
        if (!_isMounted)
        {
            output.WriteLine("Without a file system of its own, the disk cannot be emptied again.");
            return;
        }

        await using var larder = await StartAsync();
        var filler = Path.Combine(_folder, "filler");
        var drops = new BlobServiceClient(_azurite!.ConnectionString).GetBlobContainerClient("uploads");
        await drops.CreateIfNotExistsAsync();
        await File.WriteAllBytesAsync(filler, new byte[DiskBytes - (2 << 20)]);
        // 4 MiB of weights.
        var model = OnnxModel.MatMul(1024);

        await drops.UploadBlobAsync("dropped/model.onnx", BinaryData.FromBytes(model));
        await Eventually.TrueAsync(() => Task.FromResult(larder.Log.Contains("The server's disk is full", StringComparison.Ordinal)));
        Assert.Empty(Staged());
        Assert.Equal(HttpStatusCode.NotFound, (await larder.Client.GetJsonAsync("/api/v1/models/dropped")).Status);
        File.Delete(filler);

        await Eventually.TrueAsync(async () => (await larder.Client.GetJsonAsync("/api/v1/models/dropped")).Status == HttpStatusCode.OK);
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task An_export_needs_no_local_disk()
    {
        await using var larder = await StartAsync(full: false);
        Assert.Equal(HttpStatusCode.Created, (await larder.Client.UploadAsync("iris", OnnxModel.Linear())).Status);
        if (_isMounted)
            await FillAsync();

        using var request = new StringContent("{}", Encoding.UTF8, "application/json");
        var export = await larder.Client.PostAsync("/api/v1/admin/export", request).ReadAnswerAsync();
        Assert.True(export.Code == 202, export.Description);
        var job = await larder.Client.EndOfAsync((string)export.Body["job"]!["id"]!, () => larder.Log);

        Assert.True((string?)job["state"] == "succeeded", job.ToString());
    }

    private async Task FillAsync()
    {
        await using var filler = File.Create(Path.Combine(_folder, "filler"));
        try
        {
            while (true)
                await filler.WriteAsync(new byte[1 << 16]);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private Task<LarderProcess> StartAsync(bool full = true) => LarderProcess.StartAsync(
        _azurite!.ConnectionString, ("LocalFolder", _folder), ("Limits:DiskReserveBytes", _isMounted || !full ? "0" : $"{long.MaxValue / 4}"));

    private IReadOnlyList<string> Staged() =>
        [.. Directory.EnumerateDirectories(_folder, "staging", SearchOption.AllDirectories).SelectMany(Directory.EnumerateFiles)];

    private static async Task<Answer> PutAsync(LarderProcess larder, string model, HttpContent content, string? type = null)
    {
        if (type is not null)
            content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await larder.Client.PutAsync($"/api/v1/models/{model}", content).ReadAnswerAsync();
    }

    private static MultipartFormDataContent Form(HttpContent file, string field, string name) => new() { { file, field, name } };

    private static async Task<(int Code, string Told)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors + await output);
    }

    /// <summary>Bytes whose number is not announced.</summary>
    private sealed class ChunkedContent(byte[] content) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(content).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
