using Larder.Functions.Tests.Hosting;
using Larder.Testing;

namespace Larder.Functions.Tests.Access;

/// <summary>One Larder whose host asks for keys, one for each role, and one that has none. Each class of tests takes model names of its own.</summary>
public sealed class AccessFixture : IAsyncLifetime
{
    /// <summary>Names of the keys, which are those of their roles; the caller "anonymous" has no key.</summary>
    public static readonly string[] Names = ["anonymous", "reader", "predictor", "contributor", "admin"];

    private Azurite? _azurite;
    private LarderProcess? _larder;

    /// <summary>Talks to it without a key.</summary>
    public HttpClient Client => _larder!.Client;

    /// <summary>Its storage.</summary>
    public string Storage => _azurite!.ConnectionString;

    /// <summary>What it has printed.</summary>
    public string Log => _larder!.Log;

    /// <summary>The key of a name.</summary>
    public static string KeyOf(string name) => $"the-key-of-{name}-2c9f";

    /// <inheritdoc />
    public async Task InitializeAsync()
    {
        _azurite = await Azurite.StartAsync();
        _larder = await LarderProcess.StartAsync(
            _azurite.ConnectionString,
            [
                .. Names.Select(name => ($"FunctionKeys:{name}", KeyOf(name))),
                .. Names.Where(name => name != "anonymous").Select(name => ($"Access:Keys:{name}:Role", name)),
                ("MasterKey", KeyOf("master")),
                // Not in Azure, it must not matter.
                ("Access:ClientPrincipal", "true"),
                ("WEBSITE_AUTH_ENABLED", "True"),
                ("Access:AllowedOrigins", "https://dashboard.example"),
                ("Serving:Model", "b-one"),
                ("Logging:LogLevel:Default", "Debug"),
            ]);
    }

    /// <inheritdoc />
    public async Task DisposeAsync()
    {
        if (_larder is not null)
            await _larder.DisposeAsync();
        if (_azurite is not null)
            await ((IAsyncDisposable)_azurite).DisposeAsync();
    }

    /// <summary>Sends something with a key, or without.</summary>
    public async Task<(int Status, string Body, HttpResponseMessage Answer)> SendAsync(
        HttpMethod method, string path, string? name, string? json = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        if (name is not null)
            request.Headers.Add("x-functions-key", KeyOf(name));
        foreach (var (header, value) in headers)
            request.Headers.TryAddWithoutValidation(header, value);
        var answer = await Client.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer);
    }
}

/// <summary>The tests that share <see cref="AccessFixture"/>.</summary>
[CollectionDefinition(nameof(SharedAccess))]
public sealed class SharedAccess : ICollectionFixture<AccessFixture>;
