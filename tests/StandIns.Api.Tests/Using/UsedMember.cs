using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace StandIns.Api.Tests.Using;

/// <summary>A type or member of a stand-in that an assembly of Larder's names in its metadata.</summary>
/// <param name="Member">Its definition in the stand-in.</param>
internal sealed record UsedMember(MemberInfo Member)
{
    private const string Prefix = "StandIn.";

    // What a reference within generic code may name; any type will do, since only the definition is looked at.
    private static readonly Type[] AnyTypes = [.. Enumerable.Repeat(typeof(object), 16)];

    /// <summary>The type, or the member's.</summary>
    public Type Type => Member as Type ?? Member.DeclaringType!;

    /// <summary>All that an assembly uses.</summary>
    public static IEnumerable<UsedMember> In(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        var types = metadata.TypeReferences.Where(handle => IsStandIn(metadata, handle)).Select(handle => (EntityHandle)handle);
        var members = metadata.MemberReferences.Where(handle => IsStandIn(metadata, metadata.GetMemberReference(handle).Parent)).Select(handle => (EntityHandle)handle);
        return types.Concat(members)
            .Select(handle => new UsedMember(Definition(assembly.ManifestModule.ResolveMember(MetadataTokens.GetToken(handle), AnyTypes, AnyTypes)!)))
            .ToHashSet();
    }

    /// <summary>Whether everybody can use it, without being a friend of the stand-in.</summary>
    public bool IsVisible => Type.IsVisible && Member switch
    {
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        FieldInfo one => one.IsPublic || one.IsFamily || one.IsFamilyOrAssembly,
        _ => true,
    };

    /// <inheritdoc/>
    public override string ToString() => Member is Type ? Type.FullName! : $"{Type.FullName}.{Member}";

    private static bool IsStandIn(MetadataReader metadata, EntityHandle type) => type.Kind switch
    {
        HandleKind.TypeReference => IsStandIn(metadata, metadata.GetTypeReference((TypeReferenceHandle)type).ResolutionScope),
        HandleKind.TypeSpecification => GenericType(metadata, (TypeSpecificationHandle)type) is { } generic && IsStandIn(metadata, generic),
        HandleKind.AssemblyReference =>
            metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)type).Name).StartsWith(Prefix, StringComparison.Ordinal),
        _ => false,
    };

    // ECMA-335 II.23.2.14: GENERICINST, CLASS or VALUETYPE, the generic type, its arguments. Arrays and the like have no members of a stand-in.
    private static EntityHandle? GenericType(MetadataReader metadata, TypeSpecificationHandle handle)
    {
        var signature = metadata.GetBlobReader(metadata.GetTypeSpecification(handle).Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            return null;
        signature.ReadCompressedInteger();
        return signature.ReadTypeHandle();
    }

    private static MemberInfo Definition(MemberInfo member) => member switch
    {
        Type { IsConstructedGenericType: true } type => type.GetGenericTypeDefinition(),
        Type type => type,
        _ => member.Module.ResolveMember(member.MetadataToken)!,
    };
}
