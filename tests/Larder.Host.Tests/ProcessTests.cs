using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Larder.Host.Tests.Support;

namespace Larder.Host.Tests;

/// <summary>The host as a process: what a user sees on the console, and signals.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task A_ready_application_prints_its_functions_and_one_line_with_its_address()
    {
        await using var app = await AppProcess.StartReadyAsync();

        Assert.Equal("pong", await app.Client.GetStringAsync("ping"));
        var address = app.Client.BaseAddress!.ToString().TrimEnd('/');
        Assert.Contains($"\tPing: [GET,POST] {address}/ping\n", app.Output, StringComparison.Ordinal);
        Assert.EndsWith($"Host started: {address}\n", app.Output, StringComparison.Ordinal);
        Assert.Empty(app.Errors);
    }

    [Fact]
    public async Task Functions_of_a_library_that_the_application_refers_to_are_its_functions_too()
    {
        await using var app = await AppProcess.StartReadyAsync();

        Assert.Equal("books", await app.Client.GetStringAsync("shelf"));
    }

    [Theory]
    [InlineData(AppProcess.Terminate)]
    [InlineData(AppProcess.Interrupt)]
    public async Task A_signal_lets_requests_under_way_finish_and_ends_the_process_with_0(int signal)
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "go");
        await using var app = await AppProcess.StartReadyAsync();
        using var answer = await app.Client.GetAsync($"wait?file={Uri.EscapeDataString(file)}", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("began", await reader.ReadLineAsync());

        app.Signal(signal);
        await NoLongerListening(app.Client.BaseAddress!.Port);
        await File.WriteAllTextAsync(file, "");

        Assert.Equal("ended", await reader.ReadLineAsync());
        Assert.Equal(0, await app.EndAsync());
        Assert.Empty(app.Errors);
    }

    [Fact]
    public async Task Ctrl_C_again_ends_the_wait_for_requests()
    {
        await using var app = await AppProcess.StartReadyAsync();
        using var answer = await app.Client.GetAsync("wait?file=/never", HttpCompletionOption.ResponseHeadersRead);

        app.Signal(AppProcess.Interrupt);
        await NoLongerListening(app.Client.BaseAddress!.Port);
        app.Signal(AppProcess.Interrupt);

        Assert.Equal(0, await app.EndAsync());
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_sentence_and_exit_code_1()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        // With this level in host.json the generic host would log the failure too, with its stack trace.
        await using var app = AppProcess.Start(["--port", $"{port}"], ("AzureFunctionsJobHost__logging__logLevel__default", "Information"));

        Assert.Equal(1, await app.EndAsync());
        Assert.Equal($"Port {port} is unavailable. Close the process using that port, or specify another port using --port.\n", app.Errors);
        Assert.DoesNotContain("   at ", app.Output);
    }

    [Fact]
    public async Task A_mistake_in_the_settings_is_one_sentence_and_exit_code_1()
    {
        await using var app = AppProcess.Start([], ("AzureFunctionsJobHost__functionTimeout", "soon"));

        Assert.Equal(1, await app.EndAsync());
        Assert.Equal("host.json: 'functionTimeout' must be a positive time such as 00:05:00, or -1 for no limit; it is 'soon'.\n", app.Errors);
    }

    [Theory]
    [InlineData("--help", "NAME=VALUE")]
    [InlineData("-h", "--urls")]
    [InlineData("--version", "0.2.0")]
    public async Task Help_and_version_are_printed_and_nothing_starts(string option, string expected)
    {
        await using var app = AppProcess.Start([option], ("AzureWebJobsStorage", "UseDevelopmentStorage=true"));

        Assert.Equal(0, await app.EndAsync());
        Assert.Contains(expected, app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Host started", app.Output, StringComparison.Ordinal);
        Assert.Empty(app.Errors);
    }

    [Fact]
    public async Task An_unknown_option_is_one_sentence_and_exit_code_2()
    {
        await using var app = AppProcess.Start(["--prot", "1"]);

        Assert.Equal(2, await app.EndAsync());
        Assert.StartsWith("Unrecognized command or argument '--prot'.", app.Errors, StringComparison.Ordinal);
        Assert.Single(app.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Another_address_than_loopback_without_keys_is_one_sentence_and_exit_code_1()
    {
        await using var app = AppProcess.Start([], ("ASPNETCORE_URLS", "http://0.0.0.0:0"));

        Assert.Equal(1, await app.EndAsync());
        Assert.StartsWith("The host does not listen on 0.0.0.0:0: no token, key or sign-in is configured", app.Errors, StringComparison.Ordinal);
        Assert.Single(app.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("json")]
    [InlineData("JSON")]
    public async Task Logs_are_JSON_where_a_setting_says_so(string format)
    {
        await using var app = await AppProcess.StartReadyAsync(("SelfHost:LogFormat", format), ("Logging:LogLevel:Default", "Debug"));
        await app.Client.GetStringAsync("ping");
        // The apostrophes of the message are escaped.
        var line = await app.SaidAsync("Executed \\u0027Functions.Ping");

        var entry = JsonNode.Parse(line)!;
        Assert.Equal("Debug", $"{entry["LogLevel"]}");
        Assert.Equal("Ping", $"{entry["State"]!["Function"]}");
        Assert.EndsWith("Z", $"{entry["Timestamp"]}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_have_the_priorities_of_journald_where_a_setting_says_so()
    {
        await using var app = await AppProcess.StartReadyAsync(("SelfHost:LogFormat", "systemd"), ("Logging:LogLevel:Default", "Debug"));
        await app.Client.GetStringAsync("ping");

        Assert.StartsWith("<7>", await app.SaidAsync("Executed 'Functions.Ping'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_is_to_drain_goes_on_to_answer_until_the_delay_is_over()
    {
        await using var app = await AppProcess.StartReadyAsync(("SelfHost:DrainDelay", "00:00:02"));
        var began = Stopwatch.GetTimestamp();

        app.Signal(AppProcess.Terminate);
        await app.SaidAsync("are still taken");

        Assert.Equal("pong", await app.Client.GetStringAsync("ping"));
        Assert.Equal(0, await app.EndAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Ctrl_C_again_ends_the_drain()
    {
        await using var app = await AppProcess.StartReadyAsync(("SelfHost:DrainDelay", "00:10:00"));

        app.Signal(AppProcess.Interrupt);
        await app.SaidAsync("are still taken");
        app.Signal(AppProcess.Interrupt);

        Assert.Equal(0, await app.EndAsync());
    }

    // The process says nothing when it begins to stop, but it no longer takes connections.
    private static Task NoLongerListening(int port) => Larder.Testing.Eventually.TrueAsync(async () =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", port);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    });
}
