using System.Text.RegularExpressions;

namespace Larder.Orchestrations;

/// <summary>Where and how jobs run as Azure container instances. Empty texts count as not set.</summary>
public sealed partial record ContainerInstanceOptions
{
    // What the service gives one group in most regions; a region may give less, and says so itself.
    private const double ServiceCpu = 31;
    private const double ServiceMemoryGb = 240;

    /// <summary>The subscription that pays: its id. Required.</summary>
    public string SubscriptionId { get; init; } = "";

    /// <summary>The resource group in which container groups are made; it must exist. Required.</summary>
    public string ResourceGroup { get; init; } = "";

    /// <summary>The region, as <c>westeurope</c>. Required.</summary>
    public string Location { get; init; } = "";

    /// <summary>The image of jobs that name none; always allowed.</summary>
    public string Image { get; init; } = "python:3.12-slim";

    /// <summary>
    /// What else jobs may name, separated by commas; each exactly so, in lower case: with tag or digest, and with the registry unless that is Docker Hub.
    /// </summary>
    public string AllowedImages { get; init; } = "";

    /// <summary>Cores of jobs that name no number.</summary>
    public double Cpu { get; init; } = 1;

    /// <summary>Memory of jobs that name none, in gigabytes.</summary>
    public double MemoryGb { get; init; } = 2;

    /// <summary>The most cores that a job may name.</summary>
    public double MaxCpu { get; init; } = 4;

    /// <summary>The most memory that a job may name, in gigabytes.</summary>
    public double MaxMemoryGb { get; init; } = 16;

    /// <summary>Resource id of a subnet delegated to <c>Microsoft.ContainerInstance/containerGroups</c>; null for the internet.</summary>
    public string? SubnetId { get; init; }

    /// <summary>
    /// Resource id of a user-assigned identity that pulls images. Scripts can get tokens of it as well, so give it no role but <c>AcrPull</c>.
    /// </summary>
    public string? IdentityId { get; init; }

    /// <summary>Host of the private registry from which <see cref="IdentityId"/> pulls, as <c>team.azurecr.io</c>.</summary>
    public string? RegistryServer { get; init; }

    /// <summary>What names of container groups begin with. Only groups that begin so are ever listed, so two Larders in one resource group need two prefixes.</summary>
    public string NamePrefix { get; init; } = "larder-";

    /// <summary>How long a group may take to start, pulling the image included. The service itself gives up after 30 minutes.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long deleting waits before it looks again.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long deleting waits for a group to be gone before it is an error, which asking again may mend.</summary>
    public TimeSpan DeleteLimit { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Client id of the user-assigned identity with which Larder itself calls Azure; null for the system-assigned one, or whoever is logged in.</summary>
    public string? ClientId { get; init; }

    /// <summary>Where Azure Resource Manager listens, as <c>https://management.chinacloudapi.cn</c>; null for the public cloud.</summary>
    public Uri? ArmEndpoint { get; init; }

    /// <summary>Whom tokens are for, as <c>https://management.core.chinacloudapi.cn</c>; null for <see cref="ArmEndpoint"/>.</summary>
    public string? ArmAudience { get; init; }

    /// <summary>
    /// Who issues tokens to other than managed identities, as <c>https://login.chinacloudapi.cn</c>; null for what the variable
    /// <c>AZURE_AUTHORITY_HOST</c> says, or the public cloud's.
    /// </summary>
    public Uri? AuthorityHost { get; init; }

    /// <summary>Every image that a job may run, the default first.</summary>
    public IEnumerable<string> Allowed() =>
        AllowedImages.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Prepend(Image).Distinct();

    /// <summary>Refuses values with which no job could run.</summary>
    /// <exception cref="ArgumentException">One of them is so.</exception>
    public void Validate()
    {
        CheckRequired(SubscriptionId, "the id of the subscription that pays", nameof(SubscriptionId));
        if (!Guid.TryParse(SubscriptionId, out _))
            throw new ArgumentException($"It must be a subscription's id, a GUID; got '{SubscriptionId}'.", nameof(SubscriptionId));
        CheckRequired(ResourceGroup, "the name of a resource group that exists", nameof(ResourceGroup));
        CheckRequired(Location, "a region, as westeurope", nameof(Location));
        CheckRequired(Image, "the image of jobs that name none", nameof(Image));
        CheckImage(Image, nameof(Image));
        foreach (var image in Allowed())
            CheckImage(image, nameof(AllowedImages));
        CheckRange(MaxCpu, 0.1, ServiceCpu, nameof(MaxCpu));
        CheckRange(Cpu, 0.1, MaxCpu, nameof(Cpu));
        CheckRange(MaxMemoryGb, 0.1, ServiceMemoryGb, nameof(MaxMemoryGb));
        CheckRange(MemoryGb, 0.1, MaxMemoryGb, nameof(MemoryGb));
        if (!Prefix().IsMatch(NamePrefix))
            throw new ArgumentException($"It must be 2 to 12 lower-case letters, digits and single hyphens, from a letter to a hyphen; got '{NamePrefix}'.", nameof(NamePrefix));
        CheckId(SubnetId, "/virtualnetworks/", nameof(SubnetId));
        CheckId(IdentityId, "/userassignedidentities/", nameof(IdentityId));
        if (!string.IsNullOrEmpty(RegistryServer) && string.IsNullOrEmpty(IdentityId))
            throw new ArgumentException($"It needs {nameof(IdentityId)} too: images are pulled by identity, never with a password.", nameof(RegistryServer));
        if (!string.IsNullOrEmpty(RegistryServer) && (RegistryServer.Contains('/') || RegistryServer.Any(char.IsUpper)))
            throw new ArgumentException($"It must be a host name in lower case; got '{RegistryServer}'.", nameof(RegistryServer));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StartLimit, TimeSpan.Zero, nameof(StartLimit));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PollInterval, TimeSpan.Zero, nameof(PollInterval));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DeleteLimit, TimeSpan.Zero, nameof(DeleteLimit));
        CheckAddress(ArmEndpoint, nameof(ArmEndpoint));
        CheckAddress(AuthorityHost, nameof(AuthorityHost));
    }

    private static void CheckRequired(string value, string meaning, string name)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new ArgumentException($"Jobs cannot run as container instances without it: it must be {meaning}.", name);
    }

    private static void CheckImage(string image, string name)
    {
        if (image.Any(char.IsUpper))
            throw new ArgumentException($"The image '{image}' has upper-case letters; container instances never start such an image. Write it in lower case.", name);
    }

    private static void CheckId(string? id, string type, string name)
    {
        if (!string.IsNullOrEmpty(id)
            && (!id.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase) || !id.Contains(type, StringComparison.OrdinalIgnoreCase)))
            throw new ArgumentException($"It must be a whole resource id, from /subscriptions/ on, with {type} in it; got '{id}'.", name);
    }

    private static void CheckAddress(Uri? address, string name)
    {
        if (address is not null && (!address.IsAbsoluteUri || address.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException($"It must begin with https://, since tokens or secrets are sent there; got '{address}'.", name);
    }

    private static void CheckRange(double value, double least, double most, string name)
    {
        if (!(value >= least && value <= most))
            throw new ArgumentException(FormattableString.Invariant($"It must be from {least} to {most}; got {value}."), name);
    }

    // With 40 characters of a job's id and ten digits of an attempt, 12 make a name of at most 63 characters.
    [GeneratedRegex("^(?=.{2,12}$)[a-z][a-z0-9]*(-[a-z0-9]+)*-$")]
    private static partial Regex Prefix();
}
