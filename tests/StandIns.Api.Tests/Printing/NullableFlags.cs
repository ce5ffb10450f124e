using System.Reflection;

namespace StandIns.Api.Tests.Printing;

/// <summary>
/// The nullability of one type expression, as the compiler leaves it: a flag for each place in it, outermost first, in
/// NullableAttribute; one flag for all places there or, where that is missing, in the NullableContextAttribute of what contains it
/// (https://github.com/dotnet/roslyn/blob/main/docs/features/nullable-metadata.md).
/// </summary>
internal sealed class NullableFlags
{
    private const byte Annotated = 2;

    private readonly byte[]? flags;
    private readonly byte all;
    private int position;

    private NullableFlags(IEnumerable<CustomAttributeData> attributes, IEnumerable<MemberInfo?> containers)
    {
        var own = Find(attributes, "System.Runtime.CompilerServices.NullableAttribute");
        switch (own?.ConstructorArguments[0].Value)
        {
            case byte flag:
                all = flag;
                return;
            case IEnumerable<CustomAttributeTypedArgument> list:
                flags = [.. list.Select(argument => (byte)argument.Value!)];
                return;
        }

        foreach (var container in containers)
        {
            for (var member = container; member is not null; member = member.DeclaringType)
            {
                if (Find(member.CustomAttributes, "System.Runtime.CompilerServices.NullableContextAttribute") is { } context)
                {
                    all = (byte)context.ConstructorArguments[0].Value!;
                    return;
                }
            }
        }
    }

    public static NullableFlags Of(ParameterInfo parameter) => new(parameter.CustomAttributes, [parameter.Member]);

    public static NullableFlags Of(PropertyInfo property) => new(property.CustomAttributes, [property.GetMethod ?? property.SetMethod]);

    public static NullableFlags Of(MemberInfo member) => new(member.CustomAttributes, [member]);

    /// <summary>Moves to the next place in the expression, which holds a type, and says whether it is marked with a question mark.</summary>
    public bool IsNextAnnotated(Type type)
    {
        // Only references, type parameters and generic structs have a place.
        if (type.IsByRef || type.IsValueType && !type.IsGenericType && !type.IsGenericParameter)
            return false;
        var flag = flags is null ? all : position < flags.Length ? flags[position++] : (byte)0;
        return flag == Annotated && !type.IsValueType;
    }

    private static CustomAttributeData? Find(IEnumerable<CustomAttributeData> attributes, string name) =>
        attributes.FirstOrDefault(attribute => attribute.AttributeType.FullName == name);
}
