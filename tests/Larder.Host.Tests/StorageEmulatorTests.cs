using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs;
using Larder.Host.Emulator;
using Larder.Host.Tests.Support;
using Larder.Testing;
using Microsoft.Extensions.Configuration;

namespace Larder.Host.Tests;

/// <summary>The Azurite that a host starts when it needs local storage. Always on ports of its own: 10000-10002 may be taken.</summary>
public sealed class StorageEmulatorTests : IAsyncLifetime
{
    private readonly TemporaryFolder _data = new();
    private readonly int[] _ports = FreePorts(3);

    public Task InitializeAsync() => Task.CompletedTask;

    // The Azurite of an application that the test killed may be saving yet.
    public async Task DisposeAsync()
    {
        await AzuriteOwner.WaitForOrphanAsync(_data.Path, default);
        _data.Dispose();
    }

    [Fact]
    public async Task Azurite_starts_before_the_application_and_stops_with_it_and_its_data_stay()
    {
        await using (var app = await AppProcess.StartReadyAsync(Settings()))
        {
            await PutAsync(app, "first", "kept");
            app.Signal(AppProcess.Terminate);
            Assert.Equal(0, await app.EndAsync());
        }

        Assert.False(await ListensAsync(_ports[0]));
        await using var again = await AppProcess.StartReadyAsync(Settings());
        Assert.Equal("kept", await again.Client.GetStringAsync("notes/first"));
    }

    [Fact]
    public async Task Ctrl_C_in_the_terminal_reaches_Azurite_too_and_does_not_end_it_before_the_application()
    {
        await using var app = await AppProcess.StartReadyAsync(Settings());
        await PutAsync(app, "first", "kept");
        using var azurite = Process.GetProcessById(AzuriteId());

        foreach (var signal in new[] { AppProcess.Interrupt, AppProcess.Terminate })
            using (var kill = Process.Start("kill", [$"-{signal}", $"{azurite.Id}"]))
                await kill.WaitForExitAsync();
        await PutAsync(app, "second", "still there");
        Assert.Equal("still there", await app.Client.GetStringAsync("notes/second"));

        app.Signal(AppProcess.Interrupt);
        Assert.Equal(0, await app.EndAsync());
        Assert.True(azurite.HasExited);
    }

    [Fact]
    public async Task Storage_answers_until_the_last_request_of_an_application_that_stops_has_ended()
    {
        await using var app = await AppProcess.StartReadyAsync(Settings());
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", app.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync("PUT /notes/last HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nke"u8.ToArray());
        // The function makes the container before it reads the body.
        using var configuration = new ConfigurationManager();
        foreach (var (name, value) in Settings())
            configuration[name.Replace("__", ":")] = value;
        StorageEmulator.Configure(configuration);
        var container = new BlobContainerClient(configuration["AzureWebJobsStorage"], "notes");
        await Eventually.TrueAsync(async () => await container.ExistsAsync());

        app.Signal(AppProcess.Terminate);
        await Eventually.TrueAsync(async () => !await ListensAsync(app.Client.BaseAddress.Port));
        await stream.WriteAsync("pt"u8.ToArray());

        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 201 Created", await reader.ReadLineAsync());
        Assert.Equal(0, await app.EndAsync());
        Assert.False(await ListensAsync(_ports[0]));
    }

    [Fact]
    public async Task A_killed_application_takes_Azurite_along_which_saves_every_acknowledged_write()
    {
        for (var round = 0; round < 3; round++)
        {
            await using var app = await AppProcess.StartReadyAsync(Settings());
            for (var earlier = 0; earlier < round * 10; earlier++)
                Assert.Equal($"note {earlier}", await app.Client.GetStringAsync($"notes/{earlier}"));
            for (var note = round * 10; note < (round + 1) * 10; note++)
                await PutAsync(app, $"{note}", $"note {note}");

            // The next one starts at once, while Azurite may be saving yet.
            await app.KillAsync();
        }

        await using var last = await AppProcess.StartReadyAsync(Settings());
        for (var note = 0; note < 30; note++)
            Assert.Equal($"note {note}", await last.Client.GetStringAsync($"notes/{note}"));
    }

    [Fact]
    public async Task Azurite_does_not_outlive_a_killed_application()
    {
        await using var app = await AppProcess.StartReadyAsync(Settings());
        using var azurite = Process.GetProcessById(AzuriteId());

        await app.KillAsync();

        await azurite.WaitForExitAsync();
        Assert.False(await ListensAsync(_ports[0]));
    }

    [Fact]
    public async Task An_Azurite_that_runs_already_is_used_and_left_running()
    {
        await using var owner = await AppProcess.StartReadyAsync(Settings());
        await PutAsync(owner, "first", "shared");

        await using (var guest = await AppProcess.StartReadyAsync(Settings()))
        {
            Assert.Equal("shared", await guest.Client.GetStringAsync("notes/first"));
            Assert.Contains($"Using the Azurite on port {_ports[0]} that another server (process ", guest.Output, StringComparison.Ordinal);
            guest.Signal(AppProcess.Terminate);
            Assert.Equal(0, await guest.EndAsync());
        }

        Assert.Equal("shared", await owner.Client.GetStringAsync("notes/first"));
    }

    [Fact]
    public async Task An_emulator_that_no_Larder_has_started_is_named()
    {
        await using var owner = await AppProcess.StartReadyAsync(Settings());
        using var elsewhere = new TemporaryFolder();

        // It knows nothing of the first one's folder, as of an emulator that was started by hand.
        await using var guest = await AppProcess.StartReadyAsync([.. Settings(), ("AzuriteLocation", elsewhere.Path)]);

        Assert.Contains($"Using the storage emulator on port {_ports[0]} (Azurite-Blob/", guest.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "Azurite:BlobPort")]
    [InlineData(1, "Azurite:QueuePort")]
    [InlineData(2, "Azurite:TablePort")]
    public async Task A_port_that_something_else_uses_is_one_sentence_that_names_it(int which, string setting)
    {
        using var other = new HttpListener();
        other.Prefixes.Add($"http://127.0.0.1:{_ports[which]}/");
        other.Start();
        var answering = AnswerAsync(other);

        await using var app = AppProcess.Start(["--port", "0"], Settings());

        Assert.Equal(1, await app.EndAsync());
        Assert.StartsWith($"Port {_ports[which]} is needed for local storage", app.Errors, StringComparison.Ordinal);
        Assert.Contains(setting, app.Errors, StringComparison.Ordinal);
        Assert.Single(app.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        other.Stop();
        await answering;
    }

    [Fact]
    public async Task A_port_that_no_web_server_uses_is_no_blob_service()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        var port = ((IPEndPoint)mute.LocalEndpoint).Port;
        var closing = CloseAllAsync(mute);

        Assert.True(await PortProbe.IsTakenAsync(port, default));
        Assert.Null(await PortProbe.BlobServiceAsync(port, default));
        mute.Stop();
        await closing;
    }

    [Fact]
    public async Task Without_Node_js_the_application_says_what_to_do()
    {
        await using var app = AppProcess.Start(["--port", "0"], [.. Settings(), ("PATH", _data.Path)]);

        Assert.Equal(1, await app.EndAsync());
        Assert.StartsWith("Node.js, which runs the storage emulator Azurite, could not be started as 'node'.", app.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_one_sentence()
    {
        var file = Path.Combine(_data.Path, "file");
        await File.WriteAllTextAsync(file, "");

        await using var app = AppProcess.Start(["--port", "0"], [.. Settings(), ("AzuriteLocation", Path.Combine(file, "below"))]);

        Assert.Equal(1, await app.EndAsync());
        Assert.StartsWith("The storage emulator's data folder", app.Errors, StringComparison.Ordinal);
        Assert.Single(app.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task An_Azurite_that_ends_at_its_start_is_one_sentence_with_what_it_said()
    {
        // A file where it wants a folder.
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "__blobstorage__"), "");
        Directory.CreateDirectory(Path.Combine(_data.Path, "__azurite_db_blob__.json"));

        await using var app = AppProcess.Start(["--port", "0"], Settings());

        Assert.Equal(1, await app.EndAsync());
        Assert.StartsWith("Azurite, the storage emulator, did not start: ", app.Errors, StringComparison.Ordinal);
        Assert.Single(app.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Outside_a_checkout_Azurite_is_the_command_on_the_path_and_data_are_the_user_s()
    {
        var global = Path.Combine(_data.Path, "lib/node_modules/azurite/dist/src/azurite.js");
        Directory.CreateDirectory(Path.GetDirectoryName(global)!);
        await File.WriteAllTextAsync(global, "");
        var commands = Directory.CreateDirectory(Path.Combine(_data.Path, "bin")).FullName;
        File.CreateSymbolicLink(Path.Combine(commands, "azurite"), "../lib/node_modules/azurite/dist/src/azurite.js");
        var application = Directory.CreateDirectory(Path.Combine(_data.Path, "opt/larder")).FullName;

        var found = AzuriteInstallation.Find(application, $"/nowhere{Path.PathSeparator}{commands}", "/home/me/.local/share");

        Assert.Equal(new AzuriteInstallation(global, "/home/me/.local/share/larder/azurite"), found);
        Assert.Null(AzuriteInstallation.Find(application, "/nowhere", "/home/me/.local/share"));
    }

    [Fact]
    public async Task In_a_checkout_Azurite_is_the_one_in_node_modules_and_data_are_beside_it()
    {
        var script = Path.Combine(_data.Path, "node_modules/azurite/dist/src/azurite.js");
        Directory.CreateDirectory(Path.GetDirectoryName(script)!);
        await File.WriteAllTextAsync(script, "");
        var application = Directory.CreateDirectory(Path.Combine(_data.Path, "host/bin/Debug")).FullName;

        Assert.Equal(new AzuriteInstallation(script, Path.Combine(_data.Path, ".data/azurite")), AzuriteInstallation.Find(application, "", "/home/me"));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=b", false)]
    [InlineData("UseDevelopmentStorage=true", true)]
    [InlineData("usedevelopmentstorage=TRUE;", true)]
    public void Only_development_storage_needs_the_emulator(string? connection, bool expected)
    {
        using var configuration = new ConfigurationManager();
        configuration["AzureWebJobsStorage"] = connection;

        Assert.Equal(expected, StorageEmulator.Configure(configuration) is not null);
    }

    [Fact]
    public void Other_ports_go_into_every_connection_string_that_means_the_emulator()
    {
        using var configuration = new ConfigurationManager();
        configuration["AzureWebJobsStorage"] = configuration["Mine"] = "UseDevelopmentStorage=true";
        configuration["Other"] = "AccountName=a";
        configuration["Azurite:BlobPort"] = "20000";

        StorageEmulator.Configure(configuration);

        Assert.Contains("BlobEndpoint=http://127.0.0.1:20000/devstoreaccount1;", configuration["AzureWebJobsStorage"], StringComparison.Ordinal);
        Assert.Contains("QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;", configuration["Mine"], StringComparison.Ordinal);
        Assert.Equal("AccountName=a", configuration["Other"]);
    }

    [Fact]
    public async Task The_owner_of_an_Azurite_that_is_gone_is_not_waited_for()
    {
        using var self = Process.GetCurrentProcess();
        AzuriteOwner.Write(_data.Path, self, _ports[0]);
        await AzuriteOwner.WaitForOrphanAsync(_data.Path, default);
        await File.WriteAllTextAsync(Path.Combine(_data.Path, "owner.json"), "{ \"Ho");
        await AzuriteOwner.WaitForOrphanAsync(_data.Path, default);
        AzuriteOwner.Remove(_data.Path);

        Assert.Empty(Directory.GetFiles(_data.Path));
    }

    [Fact]
    public void A_process_id_that_came_again_is_another_process()
    {
        using var self = Process.GetCurrentProcess();
        var identity = ProcessIdentity.Of(self);

        Assert.True(identity.IsAlive());
        Assert.False((identity with { Started = identity.Started.AddMinutes(-1) }).IsAlive());
    }

    private (string Name, string? Value)[] Settings() =>
    [
        ("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
        ("AzuriteLocation", _data.Path),
        ("Azurite__BlobPort", $"{_ports[0]}"),
        ("Azurite__QueuePort", $"{_ports[1]}"),
        ("Azurite__TablePort", $"{_ports[2]}"),
    ];

    private int AzuriteId()
    {
        using var owner = JsonDocument.Parse(File.ReadAllText(Path.Combine(_data.Path, "owner.json")));
        return owner.RootElement.GetProperty("Azurite").GetProperty("Id").GetInt32();
    }

    private static async Task PutAsync(AppProcess app, string name, string text)
    {
        using var answer = await app.Client.PutAsync($"notes/{name}", new StringContent(text, Encoding.UTF8));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    private static Task<bool> ListensAsync(int port) => PortProbe.IsTakenAsync(port, default);

    private static async Task AnswerAsync(HttpListener listener)
    {
        try
        {
            while (true)
                (await listener.GetContextAsync()).Response.Close("hello"u8.ToArray(), willBlock: false);
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }

    private static async Task CloseAllAsync(TcpListener listener)
    {
        try
        {
            while (true)
                (await listener.AcceptTcpClientAsync()).Dispose();
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException)
        {
            // The test has ended: while a client was awaited, or between two.
        }
    }

    // Below the ports that systems hand out by themselves (Linux from 32768, others from 49152): these stay free while an application is
    // between two starts, whatever else connects to something in the meantime.
    private static int[] FreePorts(int count)
    {
        var ports = new HashSet<int>();
        while (ports.Count < count)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                ports.Add(port);
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }

        return [.. ports];
    }
}
