using System.Buffers;
using System.Text.Json;
using Azure.ResourceManager.ContainerInstance.Models;

namespace Azure.ResourceManager.ContainerInstance.Rest;

/// <summary>Writes the body of PUT.</summary>
internal static class ContainerGroupWriter
{
    public static ReadOnlyMemory<byte> Write(ContainerGroupData group)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("location", group.Location.Name);
        if (group.Tags.Count > 0)
        {
            json.WriteStartObject("tags");
            foreach (var (name, value) in group.Tags)
                json.WriteString(name, value);
            json.WriteEndObject();
        }

        if (group.Identity is { } identity)
        {
            json.WriteStartObject("identity");
            json.WriteString("type", identity.ManagedServiceIdentityType.ToString());
            json.WriteStartObject("userAssignedIdentities");
            foreach (var id in identity.UserAssignedIdentities.Keys)
            {
                json.WriteStartObject(id.ToString());
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteStartObject("properties");
        WriteArray(json, "containers", group.Containers, WriteContainer);
        WriteArray(json, "imageRegistryCredentials", group.ImageRegistryCredentials, WriteCredential);
        if (group.RestartPolicy is { } policy)
            json.WriteString("restartPolicy", policy.ToString());
        json.WriteString("osType", group.OSType.ToString());
        WriteArray(json, "subnetIds", group.SubnetIds, (json, subnet) => json.WriteString("id", subnet.Id.ToString()));
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteContainer(Utf8JsonWriter json, ContainerInstanceContainer container)
    {
        json.WriteString("name", container.Name);
        json.WriteStartObject("properties");
        if (container.Image is not null)
            json.WriteString("image", container.Image);
        if (container.Command.Count > 0)
        {
            json.WriteStartArray("command");
            foreach (var word in container.Command)
                json.WriteStringValue(word);
            json.WriteEndArray();
        }

        WriteArray(json, "environmentVariables", container.EnvironmentVariables, WriteVariable);
        if (container.Resources?.Requests is { } requests)
        {
            json.WriteStartObject("resources");
            json.WriteStartObject("requests");
            json.WriteNumber("memoryInGB", requests.MemoryInGB);
            json.WriteNumber("cpu", requests.Cpu);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteVariable(Utf8JsonWriter json, ContainerEnvironmentVariable variable)
    {
        json.WriteString("name", variable.Name);
        if (variable.SecureValue is not null)
            json.WriteString("secureValue", variable.SecureValue);
    }

    private static void WriteCredential(Utf8JsonWriter json, ContainerGroupImageRegistryCredential credential)
    {
        json.WriteString("server", credential.Server);
        if (credential.Identity is not null)
            json.WriteString("identity", credential.Identity);
    }

    private static void WriteArray<T>(Utf8JsonWriter json, string name, IList<T> items, Action<Utf8JsonWriter, T> write)
    {
        if (items.Count == 0)
            return;
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
