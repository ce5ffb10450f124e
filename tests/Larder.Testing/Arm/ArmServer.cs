using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Core;
using Azure.Core.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Larder.Testing.Arm;

/// <summary>
/// A server of Azure Resource Manager with the container groups of one resource group, in this process, on ports that the operating system chose:
/// HTTPS with a certificate of its own, since Azure's clients send tokens nowhere else, and beside it, on HTTP, the identity endpoint of App Service,
/// from which <c>DefaultAzureCredential</c> gets tokens. Addresses, bodies, statuses and errors are those of Microsoft.ContainerInstance.
/// </summary>
/// <remarks>
/// In this process: <see cref="Credential"/> and <see cref="CreateTransport"/>. In a process that a test starts: <see cref="Environment"/>, and
/// <see cref="Endpoint"/> as its Resource Manager.
/// </remarks>
public sealed partial class ArmServer : IAsyncLifetime, IAsyncDisposable
{
    private readonly X509Certificate2 _certificate = ArmCertificate.Create();
    private readonly string _certificateFile = Path.Combine(Path.GetTempPath(), $"arm-{Guid.NewGuid():N}.pem");
    private readonly string _identityHeader = Guid.NewGuid().ToString("N");
    private readonly ConcurrentDictionary<string, ArmContainerGroup> _groups = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentQueue<ArmRequest> _requests = new();
    private readonly ConcurrentBag<Task> _work = [];
    private readonly List<(ArmFault Fault, int Left)> _faults = [];
    private WebApplication? _app;

    /// <summary>A server whose groups tests move by hand.</summary>
    public ArmServer()
        : this(new ArmServerOptions())
    {
    }

    private ArmServer(ArmServerOptions options) => Options = options;

    /// <summary>Its only subscription.</summary>
    public string SubscriptionId => "00000000-0000-0000-0000-0000000000aa";

    /// <summary>Its only resource group.</summary>
    public string ResourceGroup => "larder-tests";

    /// <summary>Its only region; another is refused.</summary>
    public string Location => "westeurope";

    /// <summary>The Resource Manager's address.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The only token that it takes.</summary>
    public string Token { get; } = $"token-{Guid.NewGuid():N}";

    /// <summary>Has the token.</summary>
    public TokenCredential Credential => new ArmCredential(Token);

    /// <summary>
    /// Environment variables with which another process's <c>DefaultAzureCredential</c> gets tokens here, and its OpenSSL trusts the certificate
    /// (and no other).
    /// </summary>
    public IReadOnlyDictionary<string, string> Environment { get; private set; } = new Dictionary<string, string>();

    /// <summary>What came, in order of the answers; requests for tokens are not among them.</summary>
    public IReadOnlyList<ArmRequest> Requests => [.. _requests];

    /// <summary>Its groups.</summary>
    public IReadOnlyList<ArmContainerGroup> Groups => [.. _groups.Values];

    internal ArmServerOptions Options { get; }

    /// <summary>Starts one outside a fixture.</summary>
    public static async Task<ArmServer> StartAsync(ArmServerOptions? options = null)
    {
        var server = new ArmServer(options ?? new ArmServerOptions());
        await server.InitializeAsync();
        return server;
    }

    /// <summary>A transport for the options of an Azure client, that trusts the certificate (and no other).</summary>
    public HttpPipelineTransport CreateTransport() => new HttpClientTransport(new HttpClientHandler
    {
        ServerCertificateCustomValidationCallback = (_, theirs, _, _) => theirs?.Thumbprint == _certificate.Thumbprint,
    });

    /// <summary>A group by name; null when there is none.</summary>
    public ArmContainerGroup? Find(string name) => _groups.GetValueOrDefault(name);

    /// <summary>Adds a group that another client made.</summary>
    public ArmContainerGroup Add(string name, JsonObject body) => _groups[name] = new ArmContainerGroup(this, IdOf(name), body);

    /// <summary>Deletes a group, as a user of the portal would.</summary>
    public void Remove(string name)
    {
        if (_groups.TryRemove(name, out var group))
            _work.Add(group.DeleteAsync(looks: 0));
    }

    /// <summary>Answers otherwise, as often as the fault says. Of several that match, the one told first is used up first.</summary>
    public void Answer(ArmFault fault)
    {
        lock (_faults)
            _faults.Add((fault, fault.Times));
    }

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate));
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
        });
        _app = builder.Build();
        _app.Run(HandleAsync);
        await _app.StartAsync();

        Endpoint = new Uri(_app.Urls.Single(url => url.StartsWith("https:", StringComparison.Ordinal)));
        await File.WriteAllTextAsync(_certificateFile, _certificate.ExportCertificatePem());
        Environment = new Dictionary<string, string>
        {
            ["IDENTITY_ENDPOINT"] = _app.Urls.Single(url => url.StartsWith("http:", StringComparison.Ordinal)) + "/msi/token",
            ["IDENTITY_HEADER"] = _identityHeader,
            ["SSL_CERT_FILE"] = _certificateFile,
        };
    }

    /// <summary>Stops it, and kills what its containers run.</summary>
    public async Task DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        await Task.WhenAll(_groups.Values.Select(group => group.DeleteAsync(looks: 0)));
        await Task.WhenAll(_work);
        File.Delete(_certificateFile);
        _certificate.Dispose();
    }

    /// <inheritdoc/>
    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    private static JsonObject Error(string code, string message) => new() { ["error"] = new JsonObject { ["code"] = code, ["message"] = message } };

    private static Task WriteAsync(HttpContext http, int status, JsonNode? body)
    {
        http.Response.StatusCode = status;
        if (body is null)
            return Task.CompletedTask;
        http.Response.ContentType = "application/json; charset=utf-8";
        return http.Response.WriteAsync(body.ToJsonString());
    }

    private string IdOf(string name) => $"{ResourceGroupId}/providers/Microsoft.ContainerInstance/containerGroups/{name}";

    private string ResourceGroupId => $"/subscriptions/{SubscriptionId}/resourceGroups/{ResourceGroup}";

    private async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (!http.Request.IsHttps)
        {
            await GiveTokenAsync(http);
            return;
        }

        using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
        var sent = await reader.ReadToEndAsync();
        var answer = new MemoryStream();
        var wire = http.Response.Body;
        http.Response.Body = answer;
        var fault = TakeFault(http.Request.Method, path);
        if (http.Request.Headers.Authorization != $"Bearer {Token}")
            await WriteAsync(http, 401, Error("AuthenticationFailed", "Authentication failed."));
        else if (!ApiVersion().IsMatch(http.Request.Query["api-version"].ToString()))
            await WriteAsync(http, 400, Error("MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."));
        else if (fault is null or { AfterDoing: true })
            await RouteAsync(http, path, sent);
        if (fault is not null && http.Response.StatusCode is not (400 or 401))
        {
            http.Response.Headers.Clear();
            answer.SetLength(0);
            if (fault.RetryAfterSeconds is { } seconds)
                http.Response.Headers.RetryAfter = $"{seconds}";
            await WriteAsync(http, fault.Status, Error(fault.Code, fault.Message));
        }

        _requests.Enqueue(new ArmRequest(
            http.Request.Method, path, http.Request.QueryString.Value ?? "", http.Request.Headers.UserAgent.ToString(), sent, http.Response.StatusCode,
            Encoding.UTF8.GetString(answer.ToArray())));
        http.Response.Body = wire;
        if (http.Response.StatusCode != 204)
            await wire.WriteAsync(answer.ToArray());
    }

    // App Service's identity endpoint, version 2019-08-01.
    private Task GiveTokenAsync(HttpContext http) =>
        http.Request.Path != "/msi/token" || http.Request.Headers["X-IDENTITY-HEADER"] != _identityHeader || http.Request.Query["resource"].Count == 0
            ? WriteAsync(http, 403, Error("Forbidden", "The identity header or the resource is missing or wrong."))
            : WriteAsync(http, 200, new JsonObject
            {
                ["access_token"] = Token,
                ["expires_on"] = $"{DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}",
                ["resource"] = http.Request.Query["resource"].ToString(),
                ["token_type"] = "Bearer",
                ["client_id"] = http.Request.Query["client_id"].ToString(),
            });

    private ArmFault? TakeFault(string method, string path)
    {
        lock (_faults)
        {
            var index = _faults.FindIndex(item => item.Fault.Method == method && path.EndsWith(item.Fault.PathEnd, StringComparison.OrdinalIgnoreCase));
            if (index < 0)
                return null;
            var (fault, left) = _faults[index];
            if (left > 1)
                _faults[index] = (fault, left - 1);
            else
                _faults.RemoveAt(index);
            return fault;
        }
    }

    private Task RouteAsync(HttpContext http, string path, string sent)
    {
        if (Operation().Match(path) is { Success: true } operation)
            return AnswerOperationAsync(http, operation.Groups["name"].Value, location: operation.Groups["kind"].Value == "operationResults");
        if (!path.StartsWith(ResourceGroupId, StringComparison.OrdinalIgnoreCase))
            return WriteAsync(http, 404, Error("ResourceGroupNotFound", "Resource group could not be found."));
        if (GroupPath().Match(path) is not { Success: true } match)
            return WriteAsync(http, 404, Error("InvalidResourceType", "The resource type could not be found."));
        var name = match.Groups["name"].Value;
        return (http.Request.Method, match.Groups["rest"].Value) switch
        {
            ("GET", "") when name.Length == 0 => ListAsync(http),
            ("GET", "") => GetAsync(http, name),
            ("PUT", "") => PutAsync(http, name, sent),
            ("DELETE", "") => DeleteGroupAsync(http, name),
            ("POST", "/stop") => StopAsync(http, name),
            ("GET", var rest) when LogsPath().Match(rest) is { Success: true } logs => LogsAsync(http, name, logs.Groups["container"].Value),
            _ => WriteAsync(http, 405, Error("MethodNotAllowed", "The method is not allowed.")),
        };
    }

    private ArmContainerGroup? LookAt(string name)
    {
        if (!_groups.TryGetValue(name, out var group))
            return null;
        if (group.Look())
            return group;
        _groups.TryRemove(KeyValuePair.Create(name, group));
        return null;
    }

    private Task NotFoundAsync(HttpContext http, string name) => WriteAsync(http, 404, Error(
        "ResourceNotFound", $"The Resource 'Microsoft.ContainerInstance/containerGroups/{name}' under resource group '{ResourceGroup}' was not found."));

    private Task GetAsync(HttpContext http, string name) =>
        LookAt(name) is { } group ? WriteAsync(http, 200, group.Describe(withInstanceView: true)) : NotFoundAsync(http, name);

    private async Task PutAsync(HttpContext http, string name, string sent)
    {
        var body = JsonNode.Parse(sent)!.AsObject();
        if (ArmContainerGroupCheck.Find(name, body) is { } problem)
        {
            await WriteAsync(http, 400, Error("InvalidRequestContent", problem));
            return;
        }

        if ((string?)body["location"] != Location)
        {
            await WriteAsync(http, 400, Error("LocationNotAvailableForResourceType", $"The provided location '{body["location"]}' is not available for resource type 'Microsoft.ContainerInstance/containerGroups'."));
            return;
        }

        var group = new ArmContainerGroup(this, IdOf(name), body);
        var status = 201;
        while (!_groups.TryAdd(name, group))
        {
            if (LookAt(name) is not { } there)
                continue;
            if (there.IsChanging)
            {
                await TransitioningAsync(http, name);
                return;
            }

            // The service keeps nothing of what ran under the name.
            await there.DeleteAsync(looks: 0);
            _groups[name] = group;
            status = 200;
            break;
        }

        http.Response.Headers["Azure-AsyncOperation"] = OperationOf(name, "operations");
        var answer = group.Describe(withInstanceView: true);
        if (Options.RunCommands)
            group.Start();
        await WriteAsync(http, status, answer);
    }

    private async Task DeleteGroupAsync(HttpContext http, string name)
    {
        if (LookAt(name) is not { } group)
        {
            await WriteAsync(http, 204, null);
            return;
        }

        if (group.IsDeleting)
        {
            await TransitioningAsync(http, name);
            return;
        }

        var answer = group.Describe(withInstanceView: false);
        if (Options.DeleteStatus == 200)
        {
            await group.DeleteAsync(looks: 0);
            _groups.TryRemove(name, out _);
            await WriteAsync(http, 200, answer);
            return;
        }

        _work.Add(group.DeleteAsync(Options.LooksUntilDeleted));
        http.Response.Headers.Location = OperationOf(name, "operationResults");
        await WriteAsync(http, 202, null);
    }

    private async Task StopAsync(HttpContext http, string name)
    {
        if (LookAt(name) is not { } group)
        {
            await NotFoundAsync(http, name);
            return;
        }

        if (group.IsChanging)
        {
            await TransitioningAsync(http, name);
            return;
        }

        _work.Add(group.StopAsync(Options.StopGrace));
        await WriteAsync(http, 204, null);
    }

    private Task TransitioningAsync(HttpContext http, string name) => WriteAsync(http, 409, Error(
        "ContainerGroupTransitioning", $"The container group '{name}' is still transitioning, please retry later."));

    private Task LogsAsync(HttpContext http, string name, string container)
    {
        if (LookAt(name) is not { } group)
            return NotFoundAsync(http, name);
        int? tail = http.Request.Query["tail"] is [var text] ? int.Parse(text!) : null;
        return group.Log(tail) is { } content
            ? WriteAsync(http, 200, new JsonObject { ["content"] = content })
            : WriteAsync(http, 400, Error("ContainerGroupDeploymentNotReady", $"The container '{container}' is not ready: its state is Waiting."));
    }

    private Task ListAsync(HttpContext http)
    {
        var all = _groups.Keys.Order(StringComparer.Ordinal).Select(LookAt).OfType<ArmContainerGroup>().ToList();
        var skip = int.TryParse(http.Request.Query["$skiptoken"], out var token) ? token : 0;
        var page = all.Skip(skip).Take(Options.PageSize).Select(group => (JsonNode)group.Describe(withInstanceView: false)).ToArray();
        var answer = new JsonObject { ["value"] = new JsonArray(page) };
        if (skip + page.Length < all.Count)
            answer["nextLink"] = new Uri(Endpoint, $"{http.Request.Path}?api-version={http.Request.Query["api-version"]}&$skiptoken={skip + page.Length}").AbsoluteUri;
        return WriteAsync(http, 200, answer);
    }

    private string OperationOf(string name, string kind) => new Uri(
        Endpoint, $"/subscriptions/{SubscriptionId}/providers/Microsoft.ContainerInstance/locations/{Location}/{kind}/{name}?api-version=2025-09-01").AbsoluteUri;

    private Task AnswerOperationAsync(HttpContext http, string name, bool location)
    {
        var group = LookAt(name);
        if (location)
        {
            if (group is not null)
                http.Response.Headers.Location = OperationOf(name, "operationResults");
            return WriteAsync(http, group is null ? 204 : 202, null);
        }

        var status = new JsonObject
        {
            ["name"] = name,
            ["status"] = group is null ? "Canceled" : group.IsChanging ? "InProgress" : group.ProvisioningState,
        };
        if (group?.ProvisioningError is { } error)
            status["error"] = Error(error.Code, error.Message)["error"]!.DeepClone();
        return WriteAsync(http, 200, status);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d(-preview)?$")]
    private static partial Regex ApiVersion();

    [GeneratedRegex("/providers/Microsoft.ContainerInstance/locations/[^/]+/(?<kind>operations|operationResults)/(?<name>[^/]+)$", RegexOptions.IgnoreCase)]
    private static partial Regex Operation();

    [GeneratedRegex("/providers/Microsoft.ContainerInstance/containerGroups(/(?<name>[^/]+)(?<rest>/.*)?)?$", RegexOptions.IgnoreCase)]
    private static partial Regex GroupPath();

    [GeneratedRegex("^/containers/(?<container>[^/]+)/logs$", RegexOptions.IgnoreCase)]
    private static partial Regex LogsPath();
}
