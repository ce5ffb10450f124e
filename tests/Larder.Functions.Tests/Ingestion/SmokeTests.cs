using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Ingestion;

/// <summary>samples/smoke/drop, which says of a running server whether a drop becomes a model in time.</summary>
public sealed class SmokeTests
{
    [Fact]
    public async Task A_drop_becomes_a_model_that_predicts_within_thirty_seconds_with_the_default_settings()
    {
        var storage = await Azurite.AccountAsync();
        await using var larder = await LarderProcess.StartAsync(storage);

        var (exitCode, output) = await RunAsync(larder.Client.BaseAddress!, storage);

        Assert.True(exitCode == 0, output + larder.Log);
        Assert.Matches(@"^The drop was a model after [\d.]+ s\.\nIt predicts\.\n$", output);
    }

    [Fact]
    public async Task A_drop_that_no_server_takes_in_is_told_in_a_sentence_with_exit_code_1()
    {
        var storage = await Azurite.AccountAsync();

        var (exitCode, output) = await RunAsync(FreeAddress(), storage, "--seconds", "1");

        Assert.Equal(1, exitCode);
        Assert.StartsWith("The drop did not become a model in time. The last answer was 0 ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_that_does_not_answer_is_told_in_a_sentence_with_exit_code_1()
    {
        var (exitCode, output) = await RunAsync(FreeAddress(), $"AccountName=none;AccountKey=bm9uZQ==;BlobEndpoint={FreeAddress()}none");

        Assert.Equal(1, exitCode);
        Assert.StartsWith("The storage did not answer: ", output, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(Uri server, string storage, params string[] more)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "samples", "smoke", "drop");
        var start = new ProcessStartInfo("python3", [script, server.AbsoluteUri, "--storage", storage, .. more])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    private static Uri FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
    }
}
