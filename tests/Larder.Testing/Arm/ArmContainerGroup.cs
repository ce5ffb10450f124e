using System.Globalization;
using System.Text.Json.Nodes;

namespace Larder.Testing.Arm;

/// <summary>
/// A container group of an <see cref="ArmServer"/>. A new one is being created, its container Waiting; tests move it on with these methods, unless
/// the server runs commands.
/// </summary>
public sealed class ArmContainerGroup
{
    private readonly Lock _gate = new();
    private readonly ArmServer _server;
    private readonly List<JsonNode> _containerEvents = [];
    private readonly List<JsonNode> _groupEvents = [];
    private readonly List<string> _log = [];
    private readonly JsonObject _body;
    private string _state = "Pending";
    private JsonObject _current = new() { ["state"] = "Waiting", ["detailStatus"] = "" };
    private JsonObject? _previous;
    private int _restarts;
    private int _looksLeft = int.MaxValue;
    private ContainerProcess? _process;
    private Task<int>? _completion;

    internal ArmContainerGroup(ArmServer server, string id, JsonObject body)
    {
        _server = server;
        _body = body;
        Id = id;
        Name = id.Split('/')[^1];
    }

    /// <summary>Resource id.</summary>
    public string Id { get; }

    /// <summary>Name.</summary>
    public string Name { get; }

    /// <summary>State of the operation that last changed it: Pending, Creating, Succeeded, Failed ...</summary>
    public string ProvisioningState { get; private set; } = "Pending";

    /// <summary>State of the container: Waiting, Running, Terminated.</summary>
    public string ContainerState => (string)_current["state"]!;

    /// <summary>Why creating it failed: what its asynchronous operation answers.</summary>
    public (string Code, string Message)? ProvisioningError { get; private set; }

    /// <summary>Ends when the container is Terminated and nothing of its command runs; with its exit code. Only when the server runs commands.</summary>
    public Task<int> Completion => _completion ?? throw new InvalidOperationException("The server runs no commands.");

    internal bool IsDeleting { get; private set; }

    internal bool IsChanging => ProvisioningState is "Pending" or "Creating" || IsDeleting;

    /// <summary>What was asked for in the last PUT, secure values too.</summary>
    public JsonObject Requested()
    {
        lock (_gate)
            return (JsonObject)_body.DeepClone();
    }

    /// <summary>The image is there, and the container runs. Again: it is started once more, as the service does after maintenance.</summary>
    public void Run()
    {
        lock (_gate)
        {
            if (ContainerState != "Waiting")
                (_previous, _restarts) = ((JsonObject)_current.DeepClone(), _restarts + 1);
            AddEvent("Pulled", "Successfully pulled image", "Normal");
            AddEvent("Started", "Started container", "Normal");
            (ProvisioningState, _state) = ("Succeeded", "Running");
            _current = new JsonObject { ["state"] = "Running", ["startTime"] = Now(), ["detailStatus"] = "" };
        }
    }

    /// <summary>The container ends.</summary>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="detail">The service's word for it; null for the usual one.</param>
    /// <param name="groupLags">Leaves the group's own state behind, as the service does for a while.</param>
    public void Exit(int exitCode, string? detail = null, bool groupLags = false)
    {
        lock (_gate)
        {
            _current = new JsonObject
            {
                ["state"] = "Terminated",
                ["startTime"] = _current["startTime"]?.DeepClone(),
                ["exitCode"] = exitCode,
                ["finishTime"] = Now(),
                ["detailStatus"] = detail ?? (exitCode == 0 ? "Completed" : "Error"),
            };
            if (!groupLags)
                _state = exitCode == 0 ? "Succeeded" : "Failed";
        }
    }

    /// <summary>The service gives up creating it. The container stays as it is.</summary>
    /// <param name="code">Code of the asynchronous operation's error, and name of an event.</param>
    /// <param name="message">Their message.</param>
    public void FailProvisioning(string code, string message)
    {
        lock (_gate)
        {
            (ProvisioningState, ProvisioningError) = ("Failed", (code, message));
            if (ContainerState == "Waiting")
                _state = "Failed";
            _groupEvents.Add(Event($"{code}.", message, "Warning"));
        }
    }

    /// <summary>Something happens to the container: Pulling, Pulled, Failed, BackOff ...</summary>
    public void AddEvent(string name, string message, string type)
    {
        lock (_gate)
            _containerEvents.Add(Event(name, message, type));
    }

    /// <summary>The container writes a line.</summary>
    public void WriteLine(string line)
    {
        lock (_gate)
        {
            _log.Add(line);

            // 4 MB are what the service keeps of a running container.
            while (_log.Sum(entry => (long)entry.Length + 1) > 4 * 1024 * 1024 && _log.Count > 1)
                _log.RemoveRange(0, (_log.Count / 2) + 1);
        }
    }

    internal void Start()
    {
        var container = _body["properties"]!["containers"]![0]!["properties"]!;
        var command = container["command"]?.AsArray().Select(word => (string)word!).ToList() ?? [];
        var environment = container["environmentVariables"]?.AsArray()
            .Select(item => KeyValuePair.Create((string)item!["name"]!, (string?)item["secureValue"] ?? (string?)item["value"] ?? "")) ?? [];
        Run();
        _process = ContainerProcess.Start(command, environment, WriteLine);
        _completion = FollowAsync(_process);
    }

    internal async Task StopAsync(TimeSpan grace)
    {
        await EndAsync(grace);
        lock (_gate)
        {
            _state = "Stopped";
            if (_process is null && ContainerState == "Running")
            {
                Exit(137);
                _state = "Stopped";
            }
        }
    }

    internal async Task DeleteAsync(int looks)
    {
        IsDeleting = true;
        await EndAsync(TimeSpan.Zero);
        lock (_gate)
            _looksLeft = looks;
    }

    /// <returns>False when a deletion has come to its end.</returns>
    internal bool Look()
    {
        lock (_gate)
            return _looksLeft == int.MaxValue || _looksLeft-- > 0;
    }

    /// <summary>As GET answers.</summary>
    internal JsonObject Describe(bool withInstanceView)
    {
        lock (_gate)
        {
            var group = (JsonObject)_body.DeepClone();
            group["id"] = Id;
            group["name"] = Name;
            group["type"] = "Microsoft.ContainerInstance/containerGroups";
            foreach (var identity in group["identity"]?["userAssignedIdentities"]?.AsObject().ToList() ?? [])
                identity.Value!.AsObject()["clientId"] = Guid.Empty.ToString();
            var properties = group["properties"]!.AsObject();
            properties["provisioningState"] = IsDeleting ? "Deleting" : ProvisioningState;
            properties["sku"] = "Standard";
            foreach (var container in properties["containers"]!.AsArray())
            {
                var inner = container!["properties"]!.AsObject();
                foreach (var variable in inner["environmentVariables"]?.AsArray() ?? [])
                    variable!.AsObject().Remove("secureValue");
                if (withInstanceView)
                    inner["instanceView"] = View();
            }

            if (withInstanceView)
                properties["instanceView"] = new JsonObject { ["state"] = _state, ["events"] = Copy(_groupEvents) };
            return group;
        }
    }

    /// <summary>As the log's endpoint answers; null when there is none yet.</summary>
    internal string? Log(int? tail)
    {
        lock (_gate)
        {
            if (ContainerState == "Waiting")
                return null;
            IEnumerable<string> lines = _log;
            if (ContainerState == "Terminated")
                lines = lines.TakeLast(1000);
            if (tail is { } count)
                lines = lines.TakeLast(count);
            var text = string.Concat(lines.Select(line => line + "\n"));

            // 16 KB are what the service keeps of one that has ended.
            return ContainerState == "Terminated" && text.Length > 16 * 1024 ? text[^(16 * 1024)..] : text;
        }
    }

    private static JsonArray Copy(List<JsonNode> events) => [.. events.Select(item => item.DeepClone())];

    private async Task<int> FollowAsync(ContainerProcess container)
    {
        var code = await container.Completion;
        Exit(code);
        return code;
    }

    private async Task EndAsync(TimeSpan grace)
    {
        if (_process is null)
            return;
        await _process.StopAsync(grace);
        await Completion;
    }

    private JsonObject View()
    {
        var view = new JsonObject { ["restartCount"] = _restarts, ["currentState"] = _current.DeepClone(), ["events"] = Copy(_containerEvents) };
        if (_previous is not null)
            view["previousState"] = _previous.DeepClone();
        return view;
    }

    private JsonObject Event(string name, string message, string type) => new()
    {
        ["count"] = 1, ["firstTimestamp"] = Now(), ["lastTimestamp"] = Now(), ["name"] = name, ["message"] = message, ["type"] = type,
    };

    private string Now() => _server.Options.Clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
